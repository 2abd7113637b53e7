import fc from 'fast-check';
import { createMemoryStore, createStagedStore, type Store } from '../../src/store/index.js';

const key = fc.constantFrom('a', 'b', 'ba', 'c', 'd', 'é', '\u{10000}');
const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, value: fc.string({ maxLength: 3 }) }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('fail' as const), key }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function carryOut(store: Store, one: Step): Promise<void> {
  await store
    .transaction((tx) => {
      if (one.kind === 'put') tx.put('vmm', one.key, one.value);
      else tx.delete('vmm', one.key);
      if (one.kind === 'fail') throw new Error('taken back');
    })
    .catch(() => undefined);
}

const content = (store: Store) => store.range('vmm', '', null, 100);

test('reads as a store that was changed directly, leaves the one below alone, and makes it equal when applied', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.array(step, { maxLength: 12 }), async (before, steps) => {
      const below = createMemoryStore();
      const direct = createMemoryStore();
      for (const one of before) await Promise.all([carryOut(below, one), carryOut(direct, one)]);
      const untouched = content(below);
      const staged = createStagedStore(below);
      for (const one of steps) await Promise.all([carryOut(staged, one), carryOut(direct, one)]);
      expect(content(staged)).toEqual(content(direct));
      for (let limit = 1; limit < 5; limit++) {
        expect(staged.range('vmm', 'b', 'd', limit)).toEqual(direct.range('vmm', 'b', 'd', limit));
      }
      expect(content(below)).toEqual(untouched);
      await below.transaction((tx) => staged.applyTo(tx));
      expect(content(below)).toEqual(content(direct));
    }),
    { numRuns: 100 },
  ));
