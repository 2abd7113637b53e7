import { createTimeSlice, nextTurn } from '../../base/index.js';
import type { Batches } from '../../cim/operations/index.js';

/** A part of a result that may fail without the others: opened when its turn has come. */
export type Segment<T> = () => Batches<T>;

/** What one step of an enumeration gave. `end`: there is nothing left and no error waits. */
export interface Taken<T> {
  readonly objects: readonly T[];
  readonly end: boolean;
}

export interface CursorOptions {
  /** After a segment failed, go on with the next one. */
  readonly continueOnError: boolean;
}

const neverReady: unique symbol = Symbol('late');

function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | typeof neverReady> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof neverReady>((resolve) => {
    timer = setTimeout(() => resolve(neverReady), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Walks segments one after the other and hands out as many objects as are wanted, whatever the size of the batches. */
export class Cursor<T> {
  readonly #segments: readonly Segment<T>[];
  readonly #options: CursorOptions;
  #next = 0;
  #iterator: AsyncIterator<readonly T[]> | null = null;
  #batch: readonly T[] = [];
  #at = 0;
  #done = false;
  #failed: { readonly error: unknown } | null = null;
  #advancing: Promise<void> | null = null;

  constructor(segments: readonly Segment<T>[], options: CursorOptions) {
    this.#segments = segments;
    this.#options = options;
  }

  get #ended(): boolean {
    return this.#done && this.#failed === null && this.#at >= this.#batch.length;
  }

  /**
   * Up to `most` objects, fewer if the source is slow or fails.
   * @param wait milliseconds to wait for a slow source before answering with what is there
   * @param holdErrors an error is kept for the next call instead of being thrown
   * @throws whatever a segment threw, after the objects before it were handed out
   */
  async take(most: number, wait: number, holdErrors: boolean): Promise<Taken<T>> {
    const objects: T[] = [];
    const until = performance.now() + wait;
    const slice = createTimeSlice();
    while (objects.length < most && !this.#ended) {
      if (this.#at < this.#batch.length) {
        this.#drain(objects, most);
        await slice.pause();
        continue;
      }
      if (this.#failed !== null) {
        if (objects.length > 0 || holdErrors) break;
        const { error } = this.#failed;
        this.#failed = null;
        throw error;
      }
      if ((await within(this.#advance(), Math.max(0, until - performance.now()))) === neverReady) break;
    }
    await this.#lookAhead(most);
    return { objects, end: this.#ended };
  }

  #drain(objects: T[], most: number): void {
    const upTo = Math.min(this.#batch.length, this.#at + most - objects.length);
    for (let at = this.#at; at < upTo; at++) objects.push(this.#batch[at] as T);
    this.#at = upTo;
  }

  /** Gives a source that has its next batch at hand the chance to say that there is none: saves clients a Pull. */
  async #lookAhead(most: number): Promise<void> {
    if (most === 0 || this.#done || this.#failed !== null || this.#at < this.#batch.length) return;
    await Promise.race([this.#advance(), nextTurn()]);
  }

  #advance(): Promise<void> {
    this.#advancing ??= this.#step().finally(() => {
      this.#advancing = null;
    });
    return this.#advancing;
  }

  /** Brings the next batch that is not empty, the end, or a failure. Never rejects. */
  async #step(): Promise<void> {
    while (!this.#done) {
      try {
        this.#iterator ??= this.#open();
        if (this.#iterator === null) return;
        const step = await this.#iterator.next();
        if (step.done === true) this.#iterator = null;
        else if (step.value.length > 0) {
          this.#batch = step.value;
          this.#at = 0;
          return;
        }
      } catch (error) {
        this.#iterator = null;
        this.#failed = { error };
        if (!this.#options.continueOnError || this.#next >= this.#segments.length) this.#done = true;
        return;
      }
    }
  }

  #open(): AsyncIterator<readonly T[]> | null {
    const segment = this.#segments[this.#next];
    if (segment === undefined) {
      this.#done = true;
      return null;
    }
    this.#next++;
    return segment()[Symbol.asyncIterator]();
  }

  /** Objects at hand without asking the source; null while the source may have more. */
  get remaining(): number | null {
    return this.#done && this.#failed === null ? this.#batch.length - this.#at : null;
  }

  /** Lets go of the source. A step under way ends by itself. */
  close(): void {
    const iterator = this.#iterator;
    this.#done = true;
    this.#batch = [];
    this.#at = 0;
    this.#failed = null;
    this.#iterator = null;
    // A source that hangs would hold up whoever closes: its end is not awaited and its complaints have no reader.
    if (iterator?.return !== undefined) void iterator.return().catch(() => undefined);
  }
}
