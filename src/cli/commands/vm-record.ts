import { CimDateTime } from '../../cim/model/index.js';
import { formatObjectPath } from '../../cim/uri/index.js';
import type { ManagedVm } from '../../client/management/index.js';
import { UsageError } from '../exit.js';

const criticalityTexts: Readonly<Record<number, string>> = { 2: 'low', 3: 'medium', 4: 'high' };
export const criticalityNames = ['low', 'medium', 'high'] as const;

/** A virtual machine as commands print it. */
export interface VmRecord {
  readonly name: string;
  readonly state: string;
  readonly label: string | null;
  readonly criticality: string | null;
  readonly trusted: boolean;
  /** ISO 8601. */
  readonly changed: string | null;
  readonly id: string;
  readonly path: string;
}

/** A datetime of CIM as ISO 8601. */
export function isoTime(text: string | null): string | null {
  if (text === null) return null;
  const milliseconds = CimDateTime.parse(text).toMilliseconds();
  return milliseconds === null ? text : new Date(milliseconds).toISOString();
}

export function toRecord({ name, state, label, criticality, trusted, changed, id, path }: ManagedVm): VmRecord {
  const text = criticality === null ? null : (criticalityTexts[criticality] ?? String(criticality));
  return {
    name,
    state,
    label,
    criticality: text,
    trusted,
    changed: isoTime(changed),
    id,
    path: formatObjectPath(path),
  };
}

/** @throws UsageError */
export function criticalityOf(text: string): (typeof criticalityNames)[number] {
  const found = criticalityNames.find((name) => name === text);
  if (found === undefined) throw new UsageError(`--criticality takes ${criticalityNames.join(', ')}, not "${text}"`);
  return found;
}

/** @throws UsageError */
export function yesOrNo(text: string, option: string): boolean {
  if (text === 'yes' || text === 'no') return text === 'yes';
  throw new UsageError(`${option} takes yes or no, not "${text}"`);
}
