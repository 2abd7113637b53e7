import { PartPiles } from '../../../src/providers/migration/parts.js';

const octets = (...values: readonly number[]): Uint8Array => new Uint8Array(values);

test('parts are put together in their order, and a first part begins anew', () => {
  const piles = new PartPiles();
  expect(piles.add('a', 0, 3, octets(1))).toBeNull();
  expect(piles.add('a', 1, 3, octets(2))).toBeNull();
  expect(piles.add('a', 0, 2, octets(7))).toBeNull();
  expect(piles.add('a', 1, 2, octets(8))).toEqual(octets(7, 8));
  expect(piles.add('b', 0, 1, octets(9))).toEqual(octets(9));
  expect(piles.size).toBe(0);
});

test('what is not the next part is refused, and nothing of it kept', () => {
  const piles = new PartPiles();
  for (const [at, wanted] of [
    [1, 2],
    [2, 3],
    [3, 3],
  ] as const) {
    piles.add('a', 0, 3, octets(1));
    expect(() => piles.add('a', at, wanted, octets(2))).toThrow(expect.objectContaining({ code: 'bad_part' }) as Error);
    expect(piles.size).toBe(0);
  }
});

test('only so many transfers are put together at once: the one that waits longest goes', () => {
  const piles = new PartPiles();
  for (let at = 0; at < 20; at++) piles.add(`key ${at}`, 0, 2, octets(at));
  expect(piles.size).toBe(16);
  expect(() => piles.add('key 3', 1, 2, octets(0))).toThrow();
  expect(piles.add('key 4', 1, 2, octets(0))).toEqual(octets(4, 0));
});

test('what its source gave up does not stay', async () => {
  const piles = new PartPiles(1);
  piles.add('a', 0, 2, octets(1));
  expect(piles.size).toBe(1);
  while (piles.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  piles.add('b', 0, 2, octets(1));
  piles.drop('b');
  expect(piles.size).toBe(0);
});
