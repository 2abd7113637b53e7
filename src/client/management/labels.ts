import { TvdcError } from '../../base/index.js';
import { type CimInstance, type CimInstancePath, formatObjectPath, stringKey } from '../../cim/index.js';
import type { ManagedHost, NamedElement } from './managed-host.js';
import { pickNamed } from './names.js';
import { pathOf, textsOf } from './texts.js';

const service = 'TVDC_SecurityPolicyService';
const enabled = 4;

/** A label of one policy of a host. */
export interface HostLabel {
  readonly kind: 'vm' | 'resource';
  readonly name: string;
  /** ACM:<policy>:<label>. */
  readonly fullName: string;
  readonly types: readonly string[];
  readonly path: CimInstancePath;
}

/** Labels of a policy, by default of the one in force. @param policy `name version` @throws TvdcError `not_found` */
export async function hostLabels(host: ManagedHost, policy?: string): Promise<readonly HostLabel[]> {
  const record = policy === undefined ? await enforcedPolicy(host) : await host.policy(policy);
  const prefix = `TVDC:label:${record.getString('PolicyName') ?? ''}:${record.getString('PolicyVersion') ?? ''}:`;
  const labels: HostLabel[] = [];
  for await (const item of host.client.instances('TVDC_SecurityLabel', { namespace: host.namespace })) {
    const path = pathOf(item.path, 'path of a label');
    if (!(stringKey(path, 'InstanceID') ?? '').startsWith(prefix)) continue;
    labels.push({
      kind: item.getNumber('Kind') === 2 ? 'vm' : 'resource',
      name: item.getString('ElementName') ?? '',
      fullName: item.getString('FullName') ?? '',
      types: textsOf(item.get('Types')),
      path,
    });
  }
  return labels;
}

async function enforcedPolicy(host: ManagedHost): Promise<CimInstance> {
  const found = (await host.policies()).find((policy) => policy.getNumber('State') === enabled);
  if (found === undefined) throw new TvdcError('not_found', 'the host enforces no policy');
  return found;
}

/** Adds a label to a draft. @throws MethodRefusedError where the policy is no draft or would not be valid */
export async function createLabel(
  host: ManagedHost,
  policy: CimInstancePath,
  label: {
    readonly kind: 'vm' | 'resource';
    readonly name: string;
    readonly types: readonly string[];
    readonly chineseWallTypes?: readonly string[];
  },
): Promise<CimInstancePath> {
  const out = await host.call(service, 'CreateLabel', {
    Name: label.name,
    Kind: label.kind === 'vm' ? 2 : 3,
    Types: [...label.types],
    ChineseWallTypes: [...(label.chineseWallTypes ?? [])],
    Policy: policy,
  });
  return pathOf(out['Label'], 'label');
}

/** Removes a label from a draft. @throws MethodRefusedError @throws CimError 6 */
export async function deleteLabel(host: ManagedHost, label: CimInstancePath): Promise<void> {
  await host.call(service, 'DeleteLabel', { Label: label });
}

type Typed = Pick<HostLabel, 'kind' | 'name' | 'types'>;

function commonTypes(a: readonly string[], b: readonly string[]): readonly string[] {
  const other = new Set(b);
  return a.filter((type) => other.has(type));
}

/** Who may share with whom: for each VM label and each label the types in common; none: no sharing. */
export interface ShareMatrix {
  readonly rows: readonly Typed[];
  readonly columns: readonly Typed[];
  readonly common: readonly (readonly (readonly string[])[])[];
}

/** The matrix of the VM labels among these against all of them, VM labels first. */
export function shareMatrix(labels: readonly HostLabel[]): ShareMatrix {
  const typed = labels.map(({ kind, name, types }): Typed => ({ kind, name, types }));
  const rows = typed.filter(({ kind }) => kind === 'vm');
  const columns = [...rows, ...typed.filter(({ kind, types }) => kind === 'resource' && types.length > 0)];
  return { rows, columns, common: rows.map((row) => columns.map((column) => commonTypes(row.types, column.types))) };
}

/** What a VM could reach, were it taken over. */
export interface LabelReach {
  readonly vm: string;
  readonly label: string;
  readonly types: readonly string[];
  readonly elements: readonly {
    readonly kind: 'vm' | 'volume' | 'vlan';
    readonly name: string;
    readonly id: string;
    readonly path: string;
    readonly label: string;
    readonly common: readonly string[];
  }[];
  /** Labels of VMs that are reached only through VMs of several types, which is why those must be trusted. */
  readonly throughTrusted: readonly string[];
}

/** Elements in the caller's scope that the label's types of a VM reach. @throws TvdcError `not_found` */
export async function labelReach(host: ManagedHost, name: string): Promise<LabelReach> {
  const vms = await host.vms();
  const vm = pickNamed(vms, name, 'virtual machine');
  const labels = await hostLabels(host);
  const typesOf = (kind: HostLabel['kind'], fullName: string | null): readonly string[] =>
    labels.find((label) => label.kind === kind && label.fullName === fullName)?.types ?? [];
  if (vm.label === null) throw new TvdcError('not_found', `${vm.name} has no label: it reaches nothing`);
  const types = typesOf('vm', vm.label);
  const reached = (kind: 'vm' | 'volume' | 'vlan', elements: readonly NamedElement[]): LabelReach['elements'] =>
    elements.flatMap((element) => {
      const common = commonTypes(types, typesOf(kind === 'vm' ? 'vm' : 'resource', element.label));
      if (common.length === 0 || element.id === vm.id) return [];
      const path = formatObjectPath(element.path);
      return [{ kind, name: element.name, id: element.id, path, label: element.label ?? '', common }];
    });
  return {
    vm: vm.name,
    label: vm.label,
    types,
    elements: [
      ...reached('vm', vms),
      ...reached('volume', await host.volumes()),
      ...reached('vlan', await host.vlans()),
    ],
    throughTrusted: throughTrusted(
      labels.filter(({ kind }) => kind === 'vm'),
      types,
    ),
  };
}

/** VM labels that share types with a label that shares types …, without those reached directly. */
function throughTrusted(labels: readonly HostLabel[], types: readonly string[]): readonly string[] {
  const meets = (label: HostLabel, all: ReadonlySet<string>): boolean => label.types.some((type) => all.has(type));
  const direct = new Set(labels.filter((label) => meets(label, new Set(types))));
  const seen = new Set(direct);
  const reachable = new Set(types);
  for (const label of seen) {
    for (const type of label.types) reachable.add(type);
    for (const other of labels) if (meets(other, reachable)) seen.add(other);
  }
  return [...seen].filter((label) => !direct.has(label)).map(({ fullName }) => fullName);
}
