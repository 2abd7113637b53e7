import fc from 'fast-check';
import { compilePolicy, ConflictCounts, type CompiledPolicy } from '../../../src/acm/index.js';
import { policy } from '../policies.js';

const types = ['a', 'b', 'c', 'd', 'e'];

const walls = fc
  .record({
    sets: fc.array(fc.uniqueArray(fc.constantFrom(...types), { minLength: 1, maxLength: 4 }), { maxLength: 4 }),
    labels: fc.array(fc.uniqueArray(fc.constantFrom(...types), { maxLength: 3 }), { minLength: 2, maxLength: 5 }),
  })
  .map(({ sets, labels }) =>
    compilePolicy(
      policy({
        ste_types: ['S'],
        chwall_types: types,
        conflict_sets: sets.map((members, at) => ({ name: `set${at}`, types: members })),
        bootstrap: 'l0',
        vm_labels: labels.map((chwall, at) => ({ name: `l${at}`, ste: ['S'], chwall })),
        resource_labels: [],
      }),
      'xen',
    ),
  );

/** The counts as the original keeps them: for each type one for each (running VM, conflict set) that excludes it. */
class OriginalCounts {
  readonly policy: CompiledPolicy;
  readonly aggregate: number[];

  constructor(compiled: CompiledPolicy) {
    this.policy = compiled;
    this.aggregate = compiled.chwallTypes.map(() => 0);
  }

  admits(row: number): boolean {
    return this.policy.chwall.columnsOf(row).every((type) => this.aggregate[type] === 0);
  }

  count(row: number, step: number): void {
    const held = this.policy.chwall.columnsOf(row);
    for (const set of this.policy.conflictSets) {
      if (!set.types.some((type) => held.includes(type))) continue;
      for (const type of set.types) {
        if (!held.includes(type)) this.aggregate[type] = (this.aggregate[type] ?? 0) + step;
      }
    }
  }
}

test('counts decide as the original aggregate does, and leave nothing behind', () => {
  fc.assert(
    fc.property(
      walls,
      fc.array(fc.record({ row: fc.nat(), leave: fc.boolean() }), { maxLength: 40 }),
      (compiled, steps) => {
        const counts = new ConflictCounts(compiled);
        const original = new OriginalCounts(compiled);
        const running: number[] = [];
        for (const { row: pick, leave } of steps) {
          if (leave) {
            const row = running.splice(pick % Math.max(1, running.length), 1)[0];
            if (row === undefined) continue;
            counts.remove(row);
            original.count(row, -1);
          } else {
            const row = 1 + (pick % (compiled.vmNames.length - 1));
            expect(counts.admits(row)).toBe(original.admits(row));
            expect(counts.conflict(row) === null).toBe(original.admits(row));
            if (!original.admits(row)) continue;
            counts.add(row);
            original.count(row, 1);
            running.push(row);
          }
          expect(compiled.chwallTypes.map((_, type) => counts.aggregate(type))).toEqual(original.aggregate);
        }
        for (const row of running) counts.remove(row);
        expect(counts.isEmpty).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});

test('a label with two types of one set starts first and blocks neither, but cannot start second', () => {
  const compiled = compilePolicy(
    policy({
      conflict_sets: [{ name: 'x', types: ['A', 'B'] }],
      vm_labels: [
        { name: 'S', ste: ['S'], chwall: ['S'] },
        { name: 'A', ste: ['A'], chwall: ['A'] },
        { name: 'AB', ste: ['A'], chwall: ['A', 'B'] },
      ],
    }),
    'xen',
  );
  const [a, both] = [compiled.vmRow('A') ?? 0, compiled.vmRow('AB') ?? 0];
  const counts = new ConflictCounts(compiled);
  counts.add(both);
  expect(counts.excludedTypes()).toEqual([]);
  expect(counts.admits(a)).toBe(true);
  counts.add(a);
  expect(counts.excludedTypes()).toEqual(['B']);
  counts.remove(both);
  expect(counts.admits(both)).toBe(false);
});
