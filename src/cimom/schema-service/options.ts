import type { Clock, Randomness } from '../../base/index.js';
import type { Journal, Store } from '../../store/index.js';
import type { IndicationSink } from '../indications/index.js';
import type { ProviderRegistry } from '../registry/index.js';
import type { Repository } from '../repository/index.js';

/** What can be done with the data of a running host. */
export interface DataMaintenance {
  /**
   * Writes a copy of all data under that name into the folder for backups.
   * @returns the file @throws StoreError
   */
  backup(name: string): Promise<string>;
  /** Gives free space back. Bytes before and after. @throws StoreError */
  compact(): Promise<{ readonly before: number; readonly after: number }>;
}

export interface SchemaServiceOptions {
  readonly repository: Repository;
  readonly store: Store;
  readonly registry: Pick<ProviderRegistry, 'classNames'>;
  /** Name of the CIM_ComputerSystem that hosts the service. */
  readonly systemName: string;
  /** null: the data are in memory alone. */
  readonly maintenance: DataMaintenance | null;
  readonly journal: Journal;
  readonly sink: IndicationSink;
  readonly clock: Clock;
  readonly randomness: Randomness;
}
