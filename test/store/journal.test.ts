import { ManualClock } from '../../src/base/index.js';
import {
  canonicalJson,
  createJournal,
  createMemoryStore,
  type Journal,
  type JournalEntry,
  type Store,
} from '../../src/store/index.js';

let store: Store;
let journal: Journal;
const clock = new ManualClock(1_000);

beforeEach(() => {
  store = createMemoryStore();
  journal = createJournal(store, { host: 'h1', clock });
});
afterEach(() => store.close());

function append(kind: string, subject = 's'): Promise<JournalEntry> {
  return store.transaction((tx) => journal.append(tx, { kind, actor: 'admin', subject, facts: { n: 1 } }));
}

async function fill(count: number): Promise<void> {
  await store.transaction((tx) => {
    for (let at = 1; at <= count; at++) {
      journal.append(tx, { kind: at % 2 === 0 ? 'a.even' : 'a.odd', actor: 'admin', subject: String(at) });
    }
  });
}

test('entries are numbered, chained and found by id', async () => {
  const first = await append('one');
  const second = await append('two');
  expect(first).toMatchObject({ id: 'h1:1', sequence: 1, time: 1000, previous: '0'.repeat(64), facts: { n: 1 } });
  expect(second).toMatchObject({ id: 'h1:2', previous: first.hash });
  expect(journal.get('h1:2')).toEqual(second);
  expect(journal.get('h2:2')).toBeUndefined();
  expect(journal.get('h1:x')).toBeUndefined();
  expect(journal.head()).toEqual({ sequence: 2, hash: second.hash });
  expect(createJournal(store, { host: 'h1' }).head()).toEqual(journal.head());
});

test('an entry of a transaction that fails does not exist and leaves no gap', async () => {
  await append('one');
  const failing = store.transaction((tx) => {
    journal.append(tx, { kind: 'lost', actor: 'admin', subject: null });
    throw new Error('refused');
  });
  await expect(failing).rejects.toThrow('refused');
  expect(await append('two')).toMatchObject({ sequence: 2 });
  expect(await journal.verify()).toMatchObject({ kind: 'intact', entries: 2 });
});

test('listeners hear entries after the commit, in order, until they leave', async () => {
  const heard: string[] = [];
  const leave = journal.onCommitted((entry) => {
    expect(journal.get(entry.id)).toEqual(entry);
    heard.push(entry.kind);
  });
  await Promise.all([append('one'), append('two'), append('three')]);
  leave();
  await append('four');
  expect(heard).toEqual(['one', 'two', 'three']);
});

test('pages go through everything, and through chosen kinds', async () => {
  await fill(1205);
  const seen: number[] = [];
  for (let page = journal.read({ limit: 100 }); ; page = journal.read({ after: page.after, limit: 100 })) {
    seen.push(...page.entries.map((entry) => entry.sequence));
    if (page.end) break;
  }
  expect(seen).toEqual(Array.from({ length: 1205 }, (_, at) => at + 1));
  const even = journal.read({ kinds: ['a.even'], limit: 3, after: 10 });
  expect(even.entries.map((entry) => entry.sequence)).toEqual([12, 14, 16]);
  expect(journal.read({ kinds: ['a.'], limit: 2 }).entries).toHaveLength(2);
  expect(journal.read({ kinds: ['b'] })).toEqual({ entries: [], after: 1205, end: true });
});

test.each([
  ['a changed fact', (entry: JournalEntry) => ({ ...entry, actor: 'nobody' }), 'content'],
  [
    'a changed fact with a new hash of its own',
    (entry: JournalEntry) => ({ ...entry, hash: 'f'.repeat(64) }),
    'content',
  ],
  ['another predecessor', (entry: JournalEntry) => ({ ...entry, previous: 'f'.repeat(64) }), 'follow'],
])('verification finds %s', async (_, change, reason) => {
  await fill(700);
  const key = 'e/000000000000600';
  const entry = JSON.parse(String(store.get('journal', key))) as JournalEntry;
  await store.transaction((tx) => tx.put('journal', key, JSON.stringify(change(entry))));
  expect(await journal.verify()).toMatchObject({
    kind: 'broken',
    sequence: 600,
    reason: expect.stringContaining(reason),
  });
});

test('verification finds removed entries, also the last ones', async () => {
  await fill(20);
  await store.transaction((tx) => tx.delete('journal', 'e/000000000000007'));
  expect(await journal.verify()).toMatchObject({ kind: 'broken', sequence: 7 });
  const other = createMemoryStore();
  const second = createJournal(other, { host: 'h1' });
  await other.transaction((tx) => {
    for (let at = 0; at < 3; at++) second.append(tx, { kind: 'x', actor: 'a', subject: null });
  });
  await other.transaction((tx) => tx.delete('journal', 'e/000000000000003'));
  expect(await second.verify()).toMatchObject({ kind: 'broken', sequence: 3 });
  await other.close();
});

test('a truncated journal stays verifiable and says that it was truncated', async () => {
  await fill(1200);
  expect(await journal.truncate(1100, 'admin')).toBe(1100);
  expect(journal.get('h1:1100')).toBeUndefined();
  expect(await journal.verify()).toMatchObject({ kind: 'intact', entries: 101 });
  const last = journal.read({ after: 1200 }).entries[0];
  expect(last).toMatchObject({ kind: 'journal.truncated', actor: 'admin', facts: { upTo: 1100, dropped: 1100 } });
  expect(await journal.truncate(50, 'admin')).toBe(0);
  await store.transaction((tx) => tx.delete('journal', 'e/000000000001101'));
  expect(await journal.verify()).toMatchObject({ kind: 'broken', sequence: 1101 });
});

test('canonical JSON does not depend on the order of members', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: true })).toBe('{"a":true,"b":[1,{"c":"x","d":null}]}');
});
