import fc from 'fast-check';
import type { Batches } from '../../../src/cim/operations/index.js';
import { Cursor } from '../../../src/cimom/pulls/index.js';

async function* segmentOf(
  batches: readonly (readonly number[])[],
): Batches<number> & AsyncGenerator<readonly number[]> {
  for (const batch of batches) yield batch;
}

test('whatever the batches and the portions, everything comes once, in order, and the end is told with the last', async () => {
  const shape = fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 5 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      shape,
      fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 6 }),
      async (sizes, portions) => {
        let next = 0;
        const content = sizes.map((batches) => batches.map((size) => Array.from({ length: size }, () => next++)));
        const cursor = new Cursor(
          content.map((batches) => () => segmentOf(batches)),
          { continueOnError: false },
        );
        const got: number[] = [];
        for (let turn = 0; ; turn++) {
          const most = (portions[turn % portions.length] ?? 0) + (turn > 20 ? 1 : 0);
          const { objects, end } = await cursor.take(most, 1000, false);
          expect(objects.length).toBeLessThanOrEqual(most);
          got.push(...objects);
          if (end) break;
        }
        expect(got).toEqual(content.flat(2));
        expect(cursor.remaining).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});

test('a failing segment among others costs itself alone where errors are to be passed over', async () => {
  const failing = async function* (): AsyncGenerator<readonly number[]> {
    yield [3];
    throw new Error('broken');
  };
  const cursor = new Cursor<number>([() => segmentOf([[1, 2]]), failing, () => segmentOf([[4]])], {
    continueOnError: true,
  });
  expect(await cursor.take(10, 1000, false)).toEqual({ objects: [1, 2, 3], end: false });
  await expect(cursor.take(10, 1000, false)).rejects.toThrow('broken');
  expect(await cursor.take(10, 1000, false)).toEqual({ objects: [4], end: true });
});

test('closing lets go of the source and leaves nothing behind', async () => {
  let returned = false;
  const source = async function* (): AsyncGenerator<readonly number[]> {
    try {
      for (let at = 0; ; at++) yield [at];
    } finally {
      returned = true;
    }
  };
  const cursor = new Cursor<number>([source], { continueOnError: false });
  await cursor.take(2, 1000, false);
  cursor.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(returned).toBe(true);
  expect(await cursor.take(5, 1000, false)).toEqual({ objects: [], end: true });
});
