import { type StoreArea, storeAreas, StoreError, type StoreTransaction } from './store.js';

/** How an area's entries are laid out today, and how older layouts become today's. */
export interface AreaFormat {
  /** Counts from 1, which is also the format of an area that nobody described. */
  readonly number: number;
  /** By the format it starts from: brings the area to the next one. All steps run in one transaction. */
  readonly migrations?: Readonly<Record<number, (tx: StoreTransaction) => void>>;
}

export type AreaFormats = Readonly<Partial<Record<StoreArea, AreaFormat>>>;

const firstFormat: AreaFormat = { number: 1 };

export interface MigrationStep {
  readonly area: StoreArea;
  readonly from: number;
  readonly run: (tx: StoreTransaction) => void;
}

/**
 * What has to run so that every area has today's format.
 * @throws StoreError `store_too_new`, or `store_failed` where a step is missing
 */
export function planMigrations(
  stored: ReadonlyMap<string, number>,
  formats: AreaFormats,
  where: string,
): readonly MigrationStep[] {
  const steps: MigrationStep[] = [];
  for (const area of storeAreas) {
    const format = formats[area] ?? firstFormat;
    const found = stored.get(area) ?? format.number;
    if (found > format.number) {
      throw new StoreError(
        'store_too_new',
        `${where}: area ${area} has format ${found}, but this version knows formats up to ${format.number}; use a newer tvdc`,
        { details: { area, found, known: format.number } },
      );
    }
    for (let from = found; from < format.number; from++) {
      const run = format.migrations?.[from];
      if (run === undefined) {
        throw new StoreError(
          'store_failed',
          `${where}: area ${area} cannot be brought from format ${from} to ${from + 1}`,
        );
      }
      steps.push({ area, from, run });
    }
  }
  return steps;
}

export function currentFormat(area: StoreArea, formats: AreaFormats): number {
  return (formats[area] ?? firstFormat).number;
}
