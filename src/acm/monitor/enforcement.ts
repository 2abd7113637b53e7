import type { Store, StoreReader } from '../../store/index.js';
import { LabelMoves } from '../decisions/index.js';
import { type AssignedLabel, LabelRegistry, type LabelWrite } from '../labels/index.js';
import { defaultPolicy, type PolicyDocument, type PolicyMode } from '../policy/index.js';
import type { EnforcementHealth } from './contract.js';
import { type EnforcedPolicy, putEnforced, putPolicy, readEnforced, readPolicies } from './policy-files.js';
import { type PolicyRecord, policyRecord } from './policy-record.js';

/** What is to be enforced according to the durable state. */
export interface DurableEnforcement {
  readonly records: readonly PolicyRecord[];
  readonly labels: LabelRegistry;
  readonly policy: PolicyRecord;
  readonly systemLabel: string;
  readonly health: EnforcementHealth;
}

/** How every label changes by an update, read inside its transaction so that nothing written before is missed. */
export function movedLabels(store: StoreReader, moves: LabelMoves): readonly LabelWrite[] {
  const registry = new LabelRegistry(store);
  const changes: LabelWrite[] = [];
  const note = (kind: 'vm' | 'resource', key: string, label: AssignedLabel, uuid?: string): void => {
    const moved = moves.moved(kind, label);
    if (moved === label) return;
    changes.push({ kind, key, label: moved, ...(uuid === undefined ? {} : { uuid }) });
  };
  for (const entry of registry.vms()) note('vm', entry.vm, entryLabel(entry));
  for (const entry of registry.resources()) note('resource', entry.resource, entryLabel(entry), entry.uuid);
  return changes;
}

const entryLabel = ({ policy, label, state }: AssignedLabel): AssignedLabel => ({ policy, label, state });

function problem(
  enforced: EnforcedPolicy | null,
  record: PolicyRecord | undefined,
): Exclude<EnforcementHealth, { state: 'enforced' }> | null {
  if (enforced !== null && record?.sha256 === enforced.sha256) {
    if (record.document.vmLabels.some(({ name }) => name === enforced.systemLabel)) return null;
  }
  const policy = enforced?.name ?? '';
  const version = enforced?.version ?? '';
  const state = enforced !== null && record === undefined ? 'missing' : 'changed';
  const what = state === 'missing' ? 'is not in the store or cannot be read' : 'is not the document that was enabled';
  return {
    state,
    policy,
    version,
    sentence: `Policy ${policy} ${version} ${what}: no VM may start until a policy is enabled.`,
  };
}

// Mode xen falls back to DEFAULT, as the original's tools do; every label of the lost policy loses its definition.
async function forceDefault(store: Store, lost: string): Promise<PolicyRecord> {
  const document = defaultPolicy();
  const record = policyRecord(document, 'enabled');
  const old: PolicyDocument = { ...document, name: lost };
  await store.transaction((tx) => {
    putPolicy(tx, record);
    putEnforced(tx, { ...identity(record), systemLabel: document.bootstrap });
    const moves = new LabelMoves(old, { ...document, vmLabels: [], resourceLabels: [] });
    new LabelRegistry(tx).write(tx, movedLabels(tx, moves));
  });
  return record;
}

const identity = ({ name, version, sha256 }: PolicyRecord) => ({ name, version, sha256 });

/** Reads what the host enforced last and checks that it is still the same document. */
export async function readEnforcement(store: Store, mode: PolicyMode): Promise<DurableEnforcement> {
  const { records } = readPolicies(store, mode);
  const enforced = readEnforced(store);
  const fallback = policyRecord(defaultPolicy(), 'enabled');
  const healthy: EnforcementHealth = { state: 'enforced' };
  if (enforced === undefined) {
    const labels = new LabelRegistry(store);
    return { records, labels, policy: fallback, systemLabel: fallback.document.bootstrap, health: healthy };
  }
  const record = records.find(({ name, version }) => name === enforced?.name && version === enforced.version);
  const health = problem(enforced, record);
  if (health === null && record !== undefined && enforced !== null) {
    const { systemLabel } = enforced;
    return { records, labels: new LabelRegistry(store), policy: record, systemLabel, health: healthy };
  }
  const forced = mode === 'xen' ? await forceDefault(store, enforced?.name ?? '') : null;
  return {
    records: forced === null ? records : [...records.filter(({ name }) => name !== forced.name), forced],
    labels: new LabelRegistry(store),
    policy: forced ?? fallback,
    systemLabel: fallback.document.bootstrap,
    health: forced === null && health !== null ? health : healthy,
  };
}
