import { createKeyedLock, nextTurn } from '../../src/base/index.js';

describe('a keyed lock', () => {
  test('lets one at a time in for a key, in the order of asking, and keys do not wait for each other', async () => {
    const lock = createKeyedLock();
    const seen: string[] = [];
    const work = (key: string, name: string) => () =>
      nextTurn().then(() => {
        seen.push(`${key}${name}`);
      });
    const slow = lock.run('a', async () => {
      await nextTurn();
      await nextTurn();
      seen.push('a1');
    });
    await Promise.all([slow, lock.run('a', work('a', '2')), lock.run('b', work('b', '1'))]);
    expect(seen).toEqual(['b1', 'a1', 'a2']);
  });

  test('a failure is its own asker’s, and the next one gets in', async () => {
    const lock = createKeyedLock();
    const failing = lock.run('a', () => Promise.reject(new Error('no')));
    const next = lock.run('a', async () => 'in');
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('in');
  });
});
