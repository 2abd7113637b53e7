import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  createMemoryStore,
  openSqliteStore,
  prefixEnd,
  type Store,
  StoreError,
  type StoreValue,
} from '../../src/store/index.js';

interface Kind {
  readonly name: string;
  open(): Store;
}

const root = mkdtempSync(join(tmpdir(), 'tvdc-store-'));
let folders = 0;
afterAll(() => rmSync(root, { recursive: true, force: true }));

const kinds: readonly Kind[] = [
  { name: 'in memory', open: createMemoryStore },
  { name: 'in SQLite', open: () => openSqliteStore(join(root, `folder-${folders++}`)) },
];

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe.each(kinds)('a store $name', ({ open }) => {
  let store: Store;
  beforeEach(() => {
    store = open();
  });
  afterEach(() => store.close());

  test('gives back what a transaction has put, area by area', async () => {
    await store.transaction((tx) => {
      tx.put('acm', 'a', 'one');
      tx.put('vmm', 'a', bytes(1, 0, 255));
    });
    expect(store.get('acm', 'a')).toBe('one');
    expect(store.get('vmm', 'a')).toEqual(bytes(1, 0, 255));
    expect(store.get('vtpm', 'a')).toBeUndefined();
  });

  test('keeps empty values, NUL characters and supplementary characters', async () => {
    const values: StoreValue[] = ['', 'a\u0000b', '\u0000', '\u0001\u0001', 'ß€😀', bytes(), bytes(0), bytes(1)];
    await store.transaction((tx) => values.forEach((value, at) => tx.put('acm', `k${at}\u0000\u0001`, value)));
    values.forEach((value, at) => expect(store.get('acm', `k${at}\u0000\u0001`)).toEqual(value));
    expect(store.range('acm', '', null, 100).map((entry) => entry.value)).toEqual(values);
  });

  test('does not share bytes with those who put and get them', async () => {
    const value = bytes(1, 2);
    await store.transaction((tx) => tx.put('acm', 'a', value));
    value[0] = 9;
    (store.get('acm', 'a') as Uint8Array)[1] = 9;
    expect(store.get('acm', 'a')).toEqual(bytes(1, 2));
  });

  test('walks a range in the order of UTF-8 bytes, with a limit', async () => {
    const keys = ['b', 'a', 'a/1', 'a/2', 'a0', 'a/\uffff', 'a/😀', 'ä', 'a/\u0000', 'a/\u0001'];
    await store.transaction((tx) => keys.forEach((key) => tx.put('acm', key, key)));
    const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(store.range('acm', '', null, 100).map((entry) => entry.key)).toEqual(sorted);
    expect(store.range('acm', 'a/', prefixEnd('a/'), 100).map((entry) => entry.key)).toEqual(
      sorted.filter((key) => key.startsWith('a/')),
    );
    expect(store.range('acm', 'a/1', null, 2).map((entry) => entry.key)).toEqual(['a/1', 'a/2']);
    expect(store.range('acm', 'a', 'a', 10)).toEqual([]);
  });

  test('lets a transaction see its own writes and nobody else before the commit', async () => {
    const done = store.transaction((tx) => {
      tx.put('acm', 'a', '1');
      tx.put('acm', 'b', '2');
      expect(tx.delete('acm', 'a')).toBe(true);
      expect(tx.delete('acm', 'a')).toBe(false);
      return [tx.get('acm', 'a'), tx.get('acm', 'b'), tx.range('acm', '', null, 9).length];
    });
    expect(store.get('acm', 'b')).toBeUndefined();
    expect(await done).toEqual([undefined, '2', 1]);
    expect(store.get('acm', 'b')).toBe('2');
  });

  test('tells what it, or a neighbour of the same commit, wrote', async () => {
    await store.transaction((tx) => tx.put('acm', 'old', 'old'));
    const told = await Promise.all([
      store.transaction((tx) => {
        tx.put('acm', 'a', '1');
        return [tx.wrote('acm', 'a'), tx.wrote('acm', 'old'), tx.wrote('vmm', 'a')];
      }),
      store.transaction((tx) => {
        tx.delete('acm', 'old');
        return [tx.wrote('acm', 'a'), tx.wrote('acm', 'old'), tx.wrote('vmm', 'a')];
      }),
    ]);
    expect(told).toEqual([
      [true, false, false],
      [true, true, false],
    ]);
    expect(await store.transaction((tx) => tx.wrote('acm', 'a'))).toBe(false);
  });

  test('undoes a work that throws and spares its neighbours of the same turn', async () => {
    await store.transaction((tx) => tx.put('acm', 'old', 'old'));
    const results = await Promise.allSettled([
      store.transaction((tx) => tx.put('acm', 'first', '1')),
      store.transaction((tx) => {
        tx.put('acm', 'first', 'spoilt');
        tx.put('acm', 'bad', '2');
        tx.delete('acm', 'old');
        throw new Error('refused');
      }),
      store.transaction((tx) => tx.put('acm', 'third', tx.get('acm', 'first') ?? '')),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.range('acm', '', null, 9)).toEqual([
      { key: 'first', value: '1' },
      { key: 'old', value: 'old' },
      { key: 'third', value: '1' },
    ]);
  });

  test('undoes a work that throws when it is alone', async () => {
    await expect(
      store.transaction((tx) => {
        tx.put('acm', 'bad', '2');
        throw new Error('refused');
      }),
    ).rejects.toThrow('refused');
    expect(store.get('acm', 'bad')).toBeUndefined();
  });

  test('calls listeners after the commit, in order, before the promise resolves, and not for what failed', async () => {
    const calls: string[] = [];
    const first = store.transaction((tx) => {
      tx.put('acm', 'a', '1');
      tx.afterCommit(() => calls.push(`first ${String(store.get('acm', 'a'))}`));
    });
    const second = store.transaction((tx) => {
      tx.afterCommit(() => calls.push('never'));
      throw new Error('refused');
    });
    const third = store.transaction((tx) => tx.afterCommit(() => calls.push('third')));
    void first.then(() => calls.push('resolved'));
    await Promise.allSettled([first, second, third]);
    expect(calls).toEqual(['first 1', 'third', 'resolved']);
  });

  test('refuses a transaction that is used after its work has returned', async () => {
    const escaped = await store.transaction((tx) => tx);
    expect(() => escaped.put('acm', 'a', '1')).toThrow(StoreError);
  });

  test('carries out what was asked before it closes, and nothing later', async () => {
    const before = store.transaction((tx) => tx.put('acm', 'a', '1'));
    const closed = store.close();
    await Promise.all([before, closed]);
    await expect(store.transaction((tx) => tx.put('acm', 'b', '1'))).rejects.toMatchObject({ code: 'store_closed' });
    expect(() => store.get('acm', 'a')).toThrow(expect.objectContaining({ code: 'store_closed' }) as Error);
  });

  test('commits thousands of transactions of one turn in the order in which they were asked for', async () => {
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 3000 }, (_, at) =>
        store
          .transaction((tx) => tx.put('acm', 'counter', String(Number(tx.get('acm', 'counter') ?? 0) + 1)))
          .then(() => order.push(at)),
      ),
    );
    expect(store.get('acm', 'counter')).toBe('3000');
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  test('behaves like a sorted list under random transactions', async () => {
    const key = fc.string({ unit: 'grapheme', maxLength: 3 });
    const change = fc.record({
      key,
      value: fc.option(fc.string({ unit: 'binary', maxLength: 8 }).filter(isWellFormed)),
    });
    const group = fc.record({ changes: fc.array(change, { maxLength: 8 }), fails: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(group, { maxLength: 6 }), async (groups) => {
        await store.transaction((tx) => tx.range('vmm', '', null, 1e6).forEach((one) => tx.delete('vmm', one.key)));
        const model = new Map<string, string>();
        await Promise.allSettled(
          groups.map(({ changes, fails }) =>
            store.transaction((tx) => {
              for (const { key: name, value } of changes) {
                if (value === null) tx.delete('vmm', name);
                else tx.put('vmm', name, value);
              }
              if (fails) throw new Error('refused');
            }),
          ),
        );
        for (const { changes, fails } of groups) {
          if (fails) continue;
          for (const { key: name, value } of changes) {
            if (value === null) model.delete(name);
            else model.set(name, value);
          }
        }
        const expected = [...model]
          .map(([name, value]) => ({ key: name, value }))
          .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
        expect(store.range('vmm', '', null, 1e6)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

function isWellFormed(text: string): boolean {
  return Buffer.from(text).toString() === text;
}
