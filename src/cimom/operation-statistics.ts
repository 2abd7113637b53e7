/** What was done of one operation since the start. */
export interface OperationReport {
  readonly operation: string;
  readonly count: number;
  readonly failures: number;
  /** Milliseconds until the result was there; for streams, until the first batch could be asked for. */
  readonly time: number;
}

interface Counter {
  count: number;
  failures: number;
  time: number;
}

/** Counts operations by name. */
export class OperationStatistics {
  readonly #counters = new Map<string, Counter>();

  add(operation: string, milliseconds: number, failed: boolean): void {
    let counter = this.#counters.get(operation);
    if (counter === undefined) {
      counter = { count: 0, failures: 0, time: 0 };
      this.#counters.set(operation, counter);
    }
    counter.count++;
    counter.time += milliseconds;
    if (failed) counter.failures++;
  }

  report(): readonly OperationReport[] {
    return [...this.#counters].map(([operation, counter]) => ({ operation, ...counter }));
  }
}
