import { TvdcError } from '../../base/index.js';
import { type Batches, CimError } from '../../cim/operations/index.js';
import type { PullMode } from './options.js';

interface Pulled {
  readonly endOfSequence: boolean;
  readonly enumerationContext: string | null;
}

/** The operations behind one iterator. */
export interface Source<P extends Pulled, T> {
  /** Operation that opens the enumeration; what is remembered is remembered for it. */
  readonly operation: string;
  open(): Promise<P>;
  pull(context: string): Promise<P>;
  close(context: string): Promise<void>;
  objectsOf(pulled: P): readonly T[];
  /** The same by the classic operation; null where the request (a filter) has no classic form. */
  readonly classic: (() => Promise<Batches<T>>) | null;
}

// Servers that never heard of an operation should say 7; sfcb says 1 with a text of this kind.
function isUnknownOperation(error: unknown): boolean {
  if (!(error instanceof CimError)) return false;
  return error.status === 7 || (error.status === 1 && /invalid imethodcall/i.test(error.description));
}

async function* pulled<P extends Pulled, T>(
  source: Source<P, T>,
  first: P,
): AsyncGenerator<readonly T[], void, undefined> {
  let answer = first;
  let open = answer.endOfSequence ? null : answer.enumerationContext;
  let empty = 0;
  try {
    for (;;) {
      const objects = source.objectsOf(answer);
      if (objects.length > 0) yield objects;
      if (open === null) return;
      empty = objects.length > 0 ? 0 : empty + 1;
      if (empty > mostEmptyPulls) {
        throw new TvdcError('bad_answer', `${source.operation}: ${mostEmptyPulls} empty answers without an end`);
      }
      const context = open;
      // A failed pull has ended the enumeration (DSP0200 5.3.2.24.1), so there is nothing left to close.
      open = null;
      answer = await source.pull(context);
      open = answer.endOfSequence ? null : answer.enumerationContext;
    }
  } finally {
    // The reader has gone: that the server could not be told must not hide why.
    if (open !== null) await source.close(open).catch(() => undefined);
  }
}

const mostEmptyPulls = 100;

/** Remembers which pulled operations a server does not know, so that it is asked once. */
export class PullMemory {
  readonly #unknown = new Set<string>();
  readonly #known = new Set<string>();

  async *batches<P extends Pulled, T>(
    source: Source<P, T>,
    mode: PullMode,
  ): AsyncGenerator<readonly T[], void, undefined> {
    const classic = mode === 'always' ? null : source.classic;
    if (classic !== null && (mode === 'never' || this.#unknown.has(source.operation))) {
      yield* await classic();
      return;
    }
    let first: P;
    try {
      first = await source.open();
    } catch (error) {
      if (classic === null || this.#known.has(source.operation) || !isUnknownOperation(error)) throw error;
      this.#unknown.add(source.operation);
      yield* await classic();
      return;
    }
    this.#known.add(source.operation);
    yield* pulled(source, first);
  }
}
