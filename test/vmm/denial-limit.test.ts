import { ManualClock } from '../../src/base/index.js';
import { defineVm, DenialLimit, recordForbidden, RefusedError, startVm } from '../../src/vmm/index.js';
import { actor, openHost, specOf } from './support/host.js';

describe('equal denials in quick succession', () => {
  test('are counted, and the next record tells how many', async () => {
    const clock = new ManualClock(0);
    const limit = new DenialLimit(clock);
    const written: number[] = [];
    const deny = (key = 'a'): Promise<unknown> =>
      limit.record(key, (repeated) => Promise.resolve(`${key}${written.push(repeated)}`));
    for (let at = 0; at < 5; at++) expect(await deny()).toEqual({ recordId: `a${at + 1}`, isNew: true });
    for (let at = 0; at < 3; at++) expect(await deny()).toEqual({ recordId: 'a5', isNew: false });
    expect(await deny('b')).toEqual({ recordId: 'b6', isNew: true });
    clock.advance(10_000);
    expect(await deny()).toEqual({ recordId: 'a7', isNew: true });
    expect(written).toEqual([0, 0, 0, 0, 0, 0, 3]);
  });

  test('that come at the same time get the id of a record that is still being written', async () => {
    const limit = new DenialLimit(new ManualClock(0));
    let count = 0;
    const all = Array.from({ length: 8 }, () => limit.record('a', async () => `r${++count}`));
    expect((await Promise.all(all)).map(({ recordId }) => recordId)).toEqual([
      'r1',
      'r2',
      'r3',
      'r4',
      'r5',
      'r5',
      'r5',
      'r5',
    ]);
  });

  test('keep their count when a record cannot be written', async () => {
    const clock = new ManualClock(0);
    const limit = new DenialLimit(clock);
    for (let at = 0; at < 7; at++) await limit.record('a', async () => 'r');
    clock.advance(10_000);
    const failing = limit.record('a', () => Promise.reject(new Error('disk')));
    await expect(failing).rejects.toThrow('disk');
    const counts: number[] = [];
    await limit.record('a', async (repeated) => `r${counts.push(repeated)}`);
    expect(counts).toEqual([2]);
  });

  test('remember a bounded number of kinds', async () => {
    const limit = new DenialLimit(new ManualClock(0));
    for (let at = 0; at < 5; at++) await limit.record('first', async () => 'r');
    for (let at = 0; at < 1000; at++) await limit.record(`other ${at}`, async () => 'r');
    expect(await limit.record('first', async () => 'again')).toEqual({ recordId: 'again', isNew: true });
  });

  test('of one host are told once and stand in the journal with their number', async () => {
    const host = await openHost();
    const { parts, events } = host;
    const attempts = async (): Promise<void> => {
      for (let at = 0; at < 9; at++) await recordForbidden(parts, actor, 'call X.Y', null);
    };
    await attempts();
    expect(events.filter(({ kind }) => kind === 'denied').length).toBe(5);
    (parts.clock as ManualClock).advance(10_000);
    await recordForbidden(parts, actor, 'call X.Y', null, 2);
    const { entries } = parts.journal.read({ after: 0, limit: 100, kinds: ['forbidden'] });
    expect(entries.map(({ facts }) => facts['repeated'])).toEqual([...Array(5).fill(undefined), 6]);
  });

  test('by the reference monitor name the record of their like, and leave nothing begun', async () => {
    const { parts, events } = await openHost();
    const { uuid } = await defineVm(parts, actor, specOf('unlabelled', null, { tpm: false }));
    const ids: (string | null)[] = [];
    for (let at = 0; at < 7; at++) {
      const refused = await startVm(parts, actor, uuid).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(RefusedError);
      ids.push((refused as RefusedError).decisionId);
    }
    expect(new Set(ids).size).toBe(5);
    expect(ids.slice(4)).toEqual([ids[4], ids[4], ids[4]]);
    expect(events.filter(({ kind }) => kind === 'denied').length).toBe(5);
    expect(parts.store.range('vmm', 'intent/', 'intent0', 10)).toEqual([]);
  });
});
