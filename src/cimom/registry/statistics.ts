/** What a provider did since it was registered. */
export interface ProviderStatistics {
  readonly calls: number;
  /** Calls and streams that ended in an error of the provider's making: CIM status 1. */
  readonly failures: number;
  /** Failures that the provider reported itself by another CIM status. */
  readonly refusals: number;
  /** Instances and paths delivered. */
  readonly objects: number;
  /** Milliseconds spent waiting for the provider. */
  readonly time: number;
  /** Text of the last failure; null: there was none. */
  readonly lastFailure: string | null;
}

/** Counts for one provider; written on the way, read as a copy. */
export class ProviderCounters {
  calls = 0;
  failures = 0;
  refusals = 0;
  objects = 0;
  time = 0;
  lastFailure: string | null = null;

  snapshot(): ProviderStatistics {
    const { calls, failures, refusals, objects, time, lastFailure } = this;
    return { calls, failures, refusals, objects, time, lastFailure };
  }
}
