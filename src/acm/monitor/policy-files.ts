import { prefixEnd, type StoreReader, type StoreTransaction, type StoreValue } from '../../store/index.js';
import { isValid, parsePolicyXml, type PolicyMode, validatePolicy } from '../policy/index.js';
import { type PolicyRecord, policyRecord, type PolicyState, policyStates } from './policy-record.js';

const documentPrefix = 'policy/document/';
const enforcedKey = 'policy/enforced';

/** What the host enforces, as it stands on disk. */
export interface EnforcedPolicy {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly systemLabel: string;
}

const documentKey = (name: string, version: string): string =>
  `${documentPrefix}${encodeURIComponent(name)}/${encodeURIComponent(version)}`;

function fieldsOf(value: StoreValue): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'string') return null;
  try {
    const fields = JSON.parse(value) as unknown;
    return typeof fields === 'object' && fields !== null ? (fields as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Writes a policy. */
export function putPolicy(tx: StoreTransaction, record: PolicyRecord): void {
  const { name, version, state, xml } = record;
  tx.put('acm', documentKey(name, version), JSON.stringify({ state, xml }));
}

export function deletePolicy(tx: StoreTransaction, name: string, version: string): void {
  tx.delete('acm', documentKey(name, version));
}

function readPolicyFile(value: StoreValue, mode: PolicyMode): PolicyRecord | null {
  const fields = fieldsOf(value);
  const state = policyStates.find((candidate): candidate is PolicyState => candidate === fields?.['state']);
  const xml = fields?.['xml'];
  if (state === undefined || typeof xml !== 'string') return null;
  try {
    const document = parsePolicyXml(xml);
    return isValid(validatePolicy(document, { mode })) ? policyRecord(document, state) : null;
  } catch {
    return null;
  }
}

/** All policies that can be read, and the keys of those that cannot. */
export function readPolicies(store: StoreReader, mode: PolicyMode): { records: PolicyRecord[]; damaged: string[] } {
  const records: PolicyRecord[] = [];
  const damaged: string[] = [];
  for (const { key, value } of store.range('acm', documentPrefix, prefixEnd(documentPrefix), 100_000)) {
    const record = readPolicyFile(value, mode);
    if (record !== null && key === documentKey(record.name, record.version)) records.push(record);
    else damaged.push(key.slice(documentPrefix.length));
  }
  return { records, damaged };
}

export function putEnforced(tx: StoreTransaction, enforced: EnforcedPolicy): void {
  tx.put('acm', enforcedKey, JSON.stringify(enforced));
}

/** Undefined where no policy was ever set; null where what is there cannot be read. */
export function readEnforced(store: StoreReader): EnforcedPolicy | null | undefined {
  const value = store.get('acm', enforcedKey);
  if (value === undefined) return undefined;
  const fields = fieldsOf(value);
  const text = (key: string): string => (typeof fields?.[key] === 'string' ? fields[key] : '');
  const enforced: EnforcedPolicy = {
    name: text('name'),
    version: text('version'),
    sha256: text('sha256'),
    systemLabel: text('systemLabel'),
  };
  return Object.values(enforced).every((field: string) => field !== '') ? enforced : null;
}
