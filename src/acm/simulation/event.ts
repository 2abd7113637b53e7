import { TvdcError } from '../../base/index.js';

/** A network interface in an event: a label, nothing, or an object. */
export interface EventInterface {
  readonly vlan?: number;
  readonly label?: string;
}

export const admissionOps = ['start', 'resume', 'migrate_in'] as const;
export const departureOps = ['stop', 'suspend', 'pause', 'migrate_out'] as const;

/** One event of a simulation. Labels are bare names or `ACM:<policy>:<label>`. */
export type SimulationEvent =
  | {
      readonly op: (typeof admissionOps)[number];
      readonly vm: string;
      readonly label?: string;
      readonly disks: readonly string[];
      readonly vifs: readonly EventInterface[];
      readonly policyName?: string;
      readonly policyVersion?: string;
      readonly policyDigest?: string;
    }
  | { readonly op: (typeof departureOps)[number]; readonly vm: string }
  | { readonly op: 'attach_resource'; readonly vm: string; readonly resource: string }
  | { readonly op: 'connect_vlan'; readonly vm: string; readonly vlan: string }
  | { readonly op: 'connect_vif'; readonly vm: string; readonly label?: string }
  | { readonly op: 'communicate'; readonly a: string; readonly b: string }
  | { readonly op: 'set_system_label'; readonly label: string }
  | { readonly op: 'relabel_vm'; readonly vm: string; readonly label: string | null; readonly oldLabel?: string }
  | {
      readonly op: 'label_resource';
      readonly resource: string;
      readonly label: string | null;
      readonly oldLabel?: string;
    }
  | { readonly op: 'update_policy'; readonly policy: unknown }
  | { readonly op: 'can_run'; readonly label: string }
  | { readonly op: 'check_vm_label'; readonly vm: string }
  | { readonly op: 'check_resource_label'; readonly resource: string };

/** An event that cannot be understood; `details.field` says where. */
export class SimulationEventError extends TvdcError<'bad_event'> {}

type Fields = Readonly<Record<string, unknown>>;

function fail(fields: Fields, field: string, message: string): never {
  throw new SimulationEventError('bad_event', `event ${JSON.stringify(fields['op'])}, field ${field}: ${message}`, {
    details: { field },
  });
}

function text(fields: Fields, field: string): string {
  const value = fields[field];
  if (typeof value !== 'string') fail(fields, field, 'expected a string');
  return value;
}

function optional(fields: Fields, field: string): string | undefined {
  const value = fields[field];
  return value === undefined || value === null ? undefined : text(fields, field);
}

function list(fields: Fields, field: string): readonly unknown[] {
  const value = fields[field] ?? [];
  if (!Array.isArray(value)) fail(fields, field, 'expected a list');
  return value as readonly unknown[];
}

// A VLAN may be a number, its text, or a resource name.
function vlanName(fields: Fields): string {
  const value = fields['vlan'];
  if (typeof value === 'number') return `vlan:${value}`;
  const name = text(fields, 'vlan');
  return name.includes(':') ? name : `vlan:${name}`;
}

function vif(fields: Fields, value: unknown): EventInterface {
  if (value === null || value === '') return {};
  if (typeof value === 'number') return { vlan: value };
  if (typeof value === 'string') {
    const match = /^vlan:([0-9]{1,5})$/.exec(value);
    return match === null ? { label: value } : { vlan: Number(match[1]) };
  }
  if (typeof value !== 'object') fail(fields, 'vifs', 'expected labels, VLANs or objects');
  const inner = value as Fields;
  const label = optional(inner, 'label') ?? optional(inner, 'vif_label');
  if (inner['vlan'] !== undefined && inner['vlan'] !== null) {
    return { vlan: Number(vlanName(inner).slice('vlan:'.length)), ...(label === undefined ? {} : { label }) };
  }
  return label === undefined || label === '' ? {} : { label };
}

function relabel(fields: Fields): { readonly label: string | null; readonly oldLabel?: string } {
  const label = optional(fields, 'label');
  const oldLabel = optional(fields, 'old_label');
  return { label: label === undefined || label === '' ? null : label, ...(oldLabel === undefined ? {} : { oldLabel }) };
}

const extras = (pairs: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(pairs).filter((pair): pair is [string, string] => pair[1] !== undefined));

/**
 * Reads one event as it stands in a list of events.
 * @throws SimulationEventError `bad_event`
 */
export function parseSimulationEvent(value: unknown): SimulationEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SimulationEventError('bad_event', 'expected an object with a field op', { details: { field: 'op' } });
  }
  const fields = value as Fields;
  const op = text(fields, 'op');
  switch (op) {
    case 'start':
    case 'resume':
    case 'migrate_in':
      return {
        op,
        vm: text(fields, 'vm'),
        disks: list(fields, 'disks').map((disk) =>
          typeof disk === 'string' ? disk : fail(fields, 'disks', 'expected names'),
        ),
        vifs: list(fields, 'vifs').map((item) => vif(fields, item)),
        ...extras({
          label: optional(fields, 'label'),
          policyName: optional(fields, 'policy_name'),
          policyVersion: optional(fields, 'policy_version'),
          policyDigest: optional(fields, 'policy_digest'),
        }),
      };
    case 'stop':
    case 'suspend':
    case 'pause':
    case 'migrate_out':
    case 'check_vm_label':
      return { op, vm: text(fields, 'vm') };
    case 'attach_resource':
      return { op, vm: text(fields, 'vm'), resource: text(fields, 'resource') };
    case 'connect_vlan':
      return { op, vm: text(fields, 'vm'), vlan: vlanName(fields) };
    case 'connect_vif':
      return { op, vm: text(fields, 'vm'), ...extras({ label: optional(fields, 'vif_label') }) };
    case 'communicate':
      return { op, a: text(fields, 'a'), b: text(fields, 'b') };
    case 'set_system_label':
    case 'can_run':
      return { op, label: text(fields, 'label') };
    case 'relabel_vm':
      return { op, vm: text(fields, 'vm'), ...relabel(fields) };
    case 'label_resource':
      return { op, resource: text(fields, 'resource'), ...relabel(fields) };
    case 'check_resource_label':
      return { op, resource: text(fields, 'resource') };
    case 'update_policy':
      if (fields['policy'] === undefined) fail(fields, 'policy', 'expected a policy document');
      return { op, policy: fields['policy'] };
    default:
      return fail(fields, 'op', 'no such event');
  }
}
