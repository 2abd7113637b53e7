import type { Store, StoreTransaction } from '../../store/index.js';
import { type Decision, type HostState, judgePresent, judgeSystemLabel, judgeUpdate } from '../decisions/index.js';
import type { LabelRegistry } from '../labels/index.js';
import type { PolicyDocument } from '../policy/index.js';
import type { ChangeOptions, EnforcementHealth } from './contract.js';
import { type DurableEnforcement, movedLabels } from './enforcement.js';
import { putEnforced, putPolicy } from './policy-files.js';
import { type PolicyRecord, policyRecord } from './policy-record.js';
import type { PolicyStore } from './policy-store.js';

/** What a host enforces, in memory and on disk as one. */
export class Enforcer {
  readonly #store: Store;
  readonly #host: HostState;
  readonly #labels: LabelRegistry;
  readonly #policies: PolicyStore;
  #policy: PolicyRecord;
  #health: EnforcementHealth;

  constructor(store: Store, host: HostState, policies: PolicyStore, durable: DurableEnforcement) {
    this.#store = store;
    this.#host = host;
    this.#labels = durable.labels;
    this.#policies = policies;
    this.#policy = durable.policy;
    this.#health = durable.health;
  }

  get policy(): PolicyRecord {
    return this.#policy;
  }

  get health(): EnforcementHealth {
    return this.#health;
  }

  /** Judges an update and, if it is permitted, stores and enforces it. */
  async update(document: PolicyDocument, options: ChangeOptions): Promise<Decision> {
    const { decision, accepted } = judgeUpdate(this.#host, document);
    if (accepted === undefined) return decision;
    const enabled = policyRecord(document, 'enabled');
    const before = this.#policies.get(this.#policy.name, this.#policy.version);
    const records = before?.state === 'enabled' ? [policyRecord(before.document, 'superseded'), enabled] : [enabled];
    const { policy, health } = this;
    let takeBack = (): void => undefined;
    try {
      await this.#store.transaction((tx) => {
        // Enforced before it is on disk, so that label changes of the same commit are judged by it.
        takeBack = this.#host.adopt(accepted.policy, accepted.systemRow, accepted.rowOf);
        this.#policy = enabled;
        this.#health = { state: 'enforced' };
        const moved = movedLabels(tx, accepted.moves);
        this.#write(tx, records);
        this.#labels.write(tx, moved);
        tx.afterCommit(() => this.#labels.apply(moved));
        options.record?.(tx, decision);
      });
    } catch (error) {
      takeBack();
      this.#policy = policy;
      this.#health = health;
      throw error;
    }
    this.#host.blockedTypes = judgePresent(this.#host).types;
    return decision;
  }

  /** Judges another system label and, if it is permitted, stores and enforces it. */
  async setSystemLabel(label: string, options: ChangeOptions): Promise<Decision> {
    const { decision, row } = judgeSystemLabel(this.#host, label);
    if (row === undefined) return decision;
    const before = this.#host.systemRow;
    this.#host.setSystemRow(row);
    try {
      await this.#store.transaction((tx) => {
        this.#write(tx, [this.#policy]);
        options.record?.(tx, decision);
      });
    } catch (error) {
      this.#host.setSystemRow(before);
      throw error;
    }
    return decision;
  }

  #write(tx: StoreTransaction, records: readonly PolicyRecord[]): void {
    for (const record of records) putPolicy(tx, record);
    const { name, version, sha256 } = this.#policy;
    putEnforced(tx, { name, version, sha256, systemLabel: this.#host.systemLabel });
    tx.afterCommit(() => this.#policies.apply(records));
  }
}
