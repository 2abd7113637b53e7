import type { Verdict } from '../../attestation/index.js';
import type { CimInstance, CimValue } from '../../cim/model/index.js';
import { type Columns, printable } from '../output/index.js';

/** A verdict as commands print it, wherever it was made. Times as ISO 8601. */
export interface VerdictRecord {
  readonly name: string;
  readonly system: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly evidence: string;
  readonly assurance: string;
  readonly covered: number;
  readonly pending: number;
  readonly issued: string;
  readonly validUntil: string;
  /** Last success; null: never, or not known here. */
  readonly lastTrusted: string | null;
  readonly id: string;
  readonly hostVerdict: string | null;
}

const iso = (time: number): string => new Date(time).toISOString();

export function recordOf(name: string, verdict: Verdict, lastTrusted: number | null): VerdictRecord {
  return {
    name,
    system: verdict.subject.uuid,
    verdict: verdict.status,
    reasons: verdict.reasons.map(
      ({ code, message, path }) => `${code}: ${message}${path === undefined ? '' : ` (${printable(path)})`}`,
    ),
    evidence: verdict.mode,
    assurance: verdict.assurance,
    covered: verdict.covered,
    pending: verdict.pending,
    issued: iso(verdict.issued),
    validUntil: iso(verdict.validUntil),
    lastTrusted: lastTrusted === null ? null : iso(lastTrusted),
    id: verdict.id,
    hostVerdict: verdict.hostVerdict,
  };
}

function timeOf(value: CimValue | undefined): string {
  if (typeof value !== 'object' || value === null || !('text' in value)) return '';
  const text = String(value.text);
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{3})\d{3}([+-])(\d{3})$/.exec(text);
  if (parts === null) return text;
  const [, year, month, day, hour, minute, second, milli, sign, offset] = parts.map(String);
  const local = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(milli),
  );
  return iso(local - Number(`${sign}${offset}`) * 60_000);
}

const prefix = 'TVDC:verdict:';
const idOf = (text: string | null): string => (text ?? '').replace(prefix, '');

/** A TVDC_AttestationVerdict. */
export function recordOfInstance(instance: CimInstance): VerdictRecord {
  const reasons = instance.get('Reasons');
  const status = instance.getString('Verdict') ?? '';
  const host = instance.getString('HostVerdictID');
  return {
    name: (instance.getString('ElementName') ?? '').split(`: ${status}`)[0] ?? '',
    system: instance.getString('SystemUUID') ?? '',
    verdict: status,
    reasons: Array.isArray(reasons) ? reasons.map(String) : [],
    evidence: instance.getString('Evidence') ?? '',
    assurance: instance.getString('Assurance') ?? '',
    covered: Number(instance.get('CoveredEntries') ?? 0),
    pending: Number(instance.get('PendingEntries') ?? 0),
    issued: timeOf(instance.get('IssuedTime')),
    validUntil: timeOf(instance.get('ValidUntil')),
    lastTrusted: null,
    id: idOf(instance.getString('InstanceID')),
    hostVerdict: host === null ? null : idOf(host),
  };
}

export const verdictColumns: Columns<VerdictRecord> = [
  ['SYSTEM', (item) => item.name],
  ['VERDICT', (item) => item.verdict],
  ['ASSURANCE', (item) => item.assurance],
  ['COVERED', (item) => String(item.covered)],
  ['PENDING', (item) => String(item.pending)],
  ['ISSUED', (item) => item.issued],
  ['VALID UNTIL', (item) => item.validUntil],
  ['LAST TRUSTED', (item) => item.lastTrusted ?? '-'],
  ['WHY', (item) => item.reasons[0] ?? `${item.covered} measurements match their references`],
  ['ID', (item) => item.id],
];
