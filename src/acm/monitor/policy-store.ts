import { TvdcError } from '../../base/index.js';
import type { Store, StoreTransaction } from '../../store/index.js';
import {
  compareCodePoints,
  compareVersions,
  type Finding,
  isValid,
  type PolicyDocument,
  type PolicyMode,
  validatePolicy,
} from '../policy/index.js';
import type { ImportOptions } from './contract.js';
import type { Mutex } from './mutex.js';
import { deletePolicy, putPolicy } from './policy-files.js';
import { type PolicyRecord, policyRecord } from './policy-record.js';

type Record = (tx: StoreTransaction) => void;

/** What an import gave: a record exactly if no finding is an error. */
export interface PolicyImport {
  readonly record?: PolicyRecord;
  readonly findings: readonly Finding[];
}

const keyOf = (name: string, version: string): string => `${name}\n${version}`;

/** Policies of a host, by name and version text. Which of them is enforced is the monitor's to change. */
export class PolicyStore {
  readonly #store: Store;
  readonly #mode: PolicyMode;
  readonly #mutex: Mutex;
  readonly #records = new Map<string, PolicyRecord>();

  constructor(store: Store, mode: PolicyMode, mutex: Mutex, records: readonly PolicyRecord[]) {
    this.#store = store;
    this.#mode = mode;
    this.#mutex = mutex;
    this.apply(records);
  }

  /** By name, then version. */
  list(): readonly PolicyRecord[] {
    return [...this.#records.values()].sort(
      (a, b) => compareCodePoints(a.name, b.name) || compareVersions(a.document.version, b.document.version),
    );
  }

  get(name: string, version: string): PolicyRecord | undefined {
    return this.#records.get(keyOf(name, version));
  }

  /**
   * Validates a document and stores it as a draft; with errors among the findings nothing is stored. A draft of the same name and
   * version is replaced; the same document in a later state is left as it is.
   * @throws TvdcError `policy_wrong_state` if another document has that name and version in a later state
   */
  import(document: PolicyDocument, options: ImportOptions = {}): Promise<PolicyImport> {
    return this.#mutex.run(async () => {
      const findings = validatePolicy(document, { mode: this.#mode });
      if (!isValid(findings)) return { findings };
      const record = policyRecord(document, 'draft');
      const before = this.get(record.name, record.version);
      if (before !== undefined && before.state !== 'draft') {
        if (before.sha256 === record.sha256) return { record: before, findings };
        throw this.#wrongState(before, 'replaced');
      }
      await this.#save([record], (tx) => options.record?.(tx, record));
      return { record, findings };
    });
  }

  /**
   * Draft to Deployed; what was deployed before becomes a draft again.
   * @throws TvdcError `policy_not_found`, `policy_wrong_state`
   */
  deploy(name: string, version: string, record?: Record): Promise<PolicyRecord> {
    return this.#mutex.run(async () => {
      const before = this.#need(name, version);
      if (before.state === 'deployed') return before;
      if (before.state !== 'draft') throw this.#wrongState(before, 'deployed');
      const deployed = policyRecord(before.document, 'deployed');
      await this.#save([...this.demotions(), deployed], record);
      return deployed;
    });
  }

  /**
   * Drafts, deployed and superseded policies.
   * @throws TvdcError `policy_not_found`, `policy_wrong_state` for the enabled one
   */
  delete(name: string, version: string, record?: Record): Promise<void> {
    return this.#mutex.run(async () => {
      const before = this.#need(name, version);
      if (before.state === 'enabled') throw this.#wrongState(before, 'deleted');
      await this.#store.transaction((tx) => {
        deletePolicy(tx, name, version);
        record?.(tx);
      });
      this.#records.delete(keyOf(name, version));
    });
  }

  /** What is deployed, as drafts. */
  demotions(): readonly PolicyRecord[] {
    return this.list()
      .filter(({ state }) => state === 'deployed')
      .map(({ document }) => policyRecord(document, 'draft'));
  }

  /** Makes records visible that are on disk. */
  apply(records: readonly PolicyRecord[]): void {
    for (const record of records) this.#records.set(keyOf(record.name, record.version), record);
  }

  async #save(records: readonly PolicyRecord[], record: Record | undefined): Promise<void> {
    await this.#store.transaction((tx) => {
      for (const changed of records) putPolicy(tx, changed);
      record?.(tx);
    });
    this.apply(records);
  }

  #need(name: string, version: string): PolicyRecord {
    const record = this.get(name, version);
    if (record === undefined) throw new TvdcError('policy_not_found', `no policy ${name} ${version}`);
    return record;
  }

  #wrongState({ name, version, state }: PolicyRecord, what: string): TvdcError {
    return new TvdcError('policy_wrong_state', `policy ${name} ${version} is ${state} and cannot be ${what}`, {
      details: { state },
    });
  }
}
