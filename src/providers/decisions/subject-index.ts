import { nextTurn } from '../../base/index.js';
import type { HostParts } from '../../vmm/index.js';

const pageSize = 1000;

/** Which journal entries are about which element: read once, then only what came since. */
export class SubjectIndex {
  readonly #journal: HostParts['journal'];
  readonly #host: string;
  readonly #kinds: readonly string[];
  /** Sequence numbers by subject: an id for each would take many times the room. */
  readonly #sequences = new Map<string, number[]>();
  #after = 0;
  #reading: Promise<void> | null = null;

  constructor(journal: HostParts['journal'], host: string, kinds: readonly string[]) {
    this.#journal = journal;
    this.#host = host;
    this.#kinds = kinds;
  }

  async #read(): Promise<void> {
    for (let end = false; !end; ) {
      const page = this.#journal.read({ after: this.#after, limit: pageSize, kinds: this.#kinds });
      for (const { subject, sequence } of page.entries) {
        if (subject === null) continue;
        const known = this.#sequences.get(subject);
        if (known === undefined) this.#sequences.set(subject, [sequence]);
        else known.push(sequence);
      }
      this.#after = page.after;
      ({ end } = page);
      if (!end) await nextTurn();
    }
  }

  /** Ids of the entries about an element, in order; some may have been cut off since. */
  async of(subject: string): Promise<readonly string[]> {
    if (this.#after < this.#journal.head().sequence) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = null;
      });
      await this.#reading;
    }
    return (this.#sequences.get(subject) ?? []).map((sequence) => `${this.#host}:${sequence}`);
  }
}
