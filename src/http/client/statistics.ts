import type { OperationStatistics } from './options.js';

interface Row {
  count: number;
  errors: number;
  totalTime: number;
  minTime: number;
  maxTime: number;
  serverTime: number;
  requestBytes: number;
  answerBytes: number;
}

/** What one call was like. Times in milliseconds. */
export interface CallFigures {
  readonly time: number;
  readonly failed: boolean;
  readonly serverTime: number;
  readonly requestBytes: number;
  readonly answerBytes: number;
}

/** Sums by operation. */
export class StatisticsBook {
  readonly #rows = new Map<string, Row>();

  add(operation: string, figures: CallFigures): void {
    let row = this.#rows.get(operation);
    if (row === undefined) {
      row = {
        count: 0,
        errors: 0,
        totalTime: 0,
        minTime: Number.POSITIVE_INFINITY,
        maxTime: 0,
        serverTime: 0,
        requestBytes: 0,
        answerBytes: 0,
      };
      this.#rows.set(operation, row);
    }
    row.count++;
    if (figures.failed) row.errors++;
    row.totalTime += figures.time;
    row.minTime = Math.min(row.minTime, figures.time);
    row.maxTime = Math.max(row.maxTime, figures.time);
    row.serverTime += figures.serverTime;
    row.requestBytes += figures.requestBytes;
    row.answerBytes += figures.answerBytes;
  }

  read(): Readonly<Record<string, OperationStatistics>> {
    return Object.fromEntries([...this.#rows].map(([operation, row]) => [operation, { ...row }]));
  }

  reset(): void {
    this.#rows.clear();
  }
}
