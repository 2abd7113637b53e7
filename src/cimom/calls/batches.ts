import { createTimeSlice, nextTurn } from '../../base/index.js';
import type { Batches } from '../../cim/operations/index.js';
import type { Segment } from '../pulls/index.js';

/**
 * Each batch through a function; batches that become empty are left out. A source that answers at once must not keep
 * the event loop, however little of it is wanted.
 */
export async function* mapBatches<T, U>(
  source: Batches<T>,
  map: (batch: readonly T[]) => readonly U[] | Promise<readonly U[]>,
): AsyncGenerator<readonly U[], void, undefined> {
  const slice = createTimeSlice();
  for await (const batch of source) {
    const mapped = map(batch);
    const out = mapped instanceof Promise ? await mapped : mapped;
    if (out.length > 0) yield out;
    const pause = slice.pause();
    if (pause !== undefined) await pause;
  }
}

const pieceSize = 4;

/**
 * What `each` makes of the objects of a batch, without those of which it makes nothing. A condition may take a millisecond for
 * each object: others have their turn in between.
 */
export function pick<T, U>(
  batch: readonly T[],
  each: (object: T) => U | undefined,
): readonly U[] | Promise<readonly U[]> {
  const out: U[] = [];
  const slice = createTimeSlice();
  const from = (begin: number): readonly U[] | Promise<readonly U[]> => {
    for (let at = begin; at < batch.length; ) {
      for (const end = Math.min(batch.length, at + pieceSize); at < end; at++) {
        const made = each(batch[at] as T);
        if (made !== undefined) out.push(made);
      }
      const pause = at < batch.length ? slice.pause() : undefined;
      if (pause !== undefined) return pause.then(() => from(at));
    }
    return out;
  };
  return from(0);
}

/** Segments one after the other; the first failure ends it. */
export async function* flatten<T>(segments: readonly Segment<T>[]): AsyncGenerator<readonly T[], void, undefined> {
  for (const segment of segments) yield* segment();
}

/**
 * How many objects the segments have; null if there are more than `most`. Lets others run between batches.
 */
export async function countObjects<T>(
  segments: readonly Segment<T>[],
  most: number,
  signal: AbortSignal,
): Promise<number | null> {
  let count = 0;
  for await (const batch of flatten(segments)) {
    count += batch.length;
    if (count > most || signal.aborted) return null;
    await nextTurn();
  }
  return count;
}

/** Batches of at most `size` made of what is there already. */
export async function* inBatches<T>(items: Iterable<T>, size: number): AsyncGenerator<readonly T[], void, undefined> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
    await nextTurn();
  }
  if (batch.length > 0) yield batch;
}
