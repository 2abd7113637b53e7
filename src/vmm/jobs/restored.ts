import type { RestoreMark, StoreReader } from '../../store/index.js';
import { VmmError } from '../errors.js';
import type { JobHandler } from './jobs.js';

const area = 'vmm';
const key = 'restored';

/**
 * What a restore writes over the backup: that the data were taken back to an earlier time, in which jobs were in progress.
 * Nobody expects these to go on now, least of all an erasure.
 * @param now milliseconds since 1970
 */
export function restoredMark(now: number): RestoreMark {
  return { area, key, value: JSON.stringify(now) };
}

/** Handlers that let no job go on that was begun before the data of this host were restored. */
export function onlySince(store: StoreReader, handlers: Readonly<Record<string, JobHandler>>): typeof handlers {
  const mark = store.get(area, key);
  const restored = typeof mark === 'string' ? (JSON.parse(mark) as number) : Number.NEGATIVE_INFINITY;
  const only =
    (handler: JobHandler): JobHandler =>
    async (job, control) => {
      if (job.begunAt < restored)
        throw new VmmError('interrupted', [
          job.name,
          'the data of this host were restored from a backup; ask for it again',
        ]);
      return handler(job, control);
    };
  return Object.fromEntries(Object.entries(handlers).map(([kind, handler]) => [kind, only(handler)]));
}
