import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createJournal, openSqliteStore } from '../../src/store/index.js';
import { startWriter } from './child.js';

const root = mkdtempSync(join(tmpdir(), 'tvdc-kill-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const rounds = process.env['CI'] === 'true' ? 50 : 4;

test(
  `after ${rounds} kills under load every acknowledged write is there, whole, and the journal is intact`,
  async () => {
    const folder = join(root, 'data');
    const acknowledged: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const writer = startWriter(folder, round * 1_000_000);
      await writer.ready;
      await setTimeout(5 + Math.random() * 120);
      await writer.kill();
      acknowledged.push(...writer.done);
      const store = openSqliteStore(folder);
      try {
        for (const key of writer.done) expect(store.get('vmm', key)).toBe(`value of ${key}`);
        const vmm = store.range('vmm', '', null, 1_000_000);
        expect(store.range('acm', '', null, 1_000_000)).toEqual(vmm);
        const present = new Set(vmm.map((entry) => entry.key));
        expect(acknowledged.filter((key) => !present.has(key))).toEqual([]);
        const verdict = await createJournal(store, { host: 'writer' }).verify();
        expect(verdict).toMatchObject({ kind: 'intact', entries: vmm.length });
      } finally {
        await store.close();
      }
    }
    expect(acknowledged.length).toBeGreaterThan(rounds);
  },
  rounds * 10_000,
);

test('a folder in use by another process is refused with its number, and free again after that was killed', async () => {
  const folder = join(root, 'locked');
  const writer = startWriter(folder, 0);
  await writer.ready;
  try {
    expect(() => openSqliteStore(folder)).toThrow(
      expect.objectContaining({ code: 'store_locked', details: { folder, pid: writer.process.pid } }) as Error,
    );
  } finally {
    await writer.kill();
  }
  await openSqliteStore(folder).close();
});
