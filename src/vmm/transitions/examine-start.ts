import type { Decision, EntryQuestion, PolicyIdentity } from '../../acm/index.js';
import { formatMessage } from '../../base/index.js';
import { type VirtualMachine, vlanResource } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { portsOf, requireVm } from './common.js';

/** One thing that keeps a virtual machine from running here. */
export interface Obstacle {
  /** The reason of a decision, or `no_such_volume`, `no_such_vlan`, `no_virtual_tpm`, `name_in_use`. */
  readonly code: string;
  readonly sentence: string;
}

/** A virtual machine that this host does not have. */
export interface Newcomer {
  readonly name: string;
  /** Null: it has none. */
  readonly label: string | null;
  /** Label of each disk. */
  readonly diskLabels: readonly string[];
  readonly vlans: readonly number[];
  readonly trusted: boolean;
  /** What the host enforces that it comes from; null: it comes from nowhere. */
  readonly policy: PolicyIdentity | null;
}

function* decisions(refusals: readonly Decision[]): Generator<Obstacle> {
  for (const { reason, sentence } of refusals) yield { code: reason, sentence };
}

function* missingVlans(parts: HostParts, vlans: readonly number[]): Generator<Obstacle> {
  for (const id of vlans) {
    if (parts.inventory.vlan(id) !== undefined) continue;
    yield { code: 'no_such_vlan', sentence: `There is no VLAN ${id} on this host.` };
  }
}

async function* missingVolumes(parts: HostParts, vm: VirtualMachine): AsyncGenerator<Obstacle> {
  for (const disk of vm.disks) {
    const volume = parts.inventory.volume(disk.volume);
    if (volume !== undefined && (await parts.storage.exists(volume.resource))) continue;
    const name = volume?.name ?? disk.volume;
    yield { code: 'no_such_volume', sentence: `The content of volume ${name} is not there.` };
  }
}

function* missingTpm(parts: HostParts, vm: VirtualMachine): Generator<Obstacle> {
  if (!vm.tpm) return;
  const state = parts.vtpms.get(vm.uuid)?.state;
  if (state !== undefined && state !== 'migrated') return;
  const what = state === undefined ? 'is not there' : 'was exported to another host';
  yield { code: 'no_virtual_tpm', sentence: `The virtual TPM of ${vm.name} ${what}.` };
}

/**
 * All that keeps a virtual machine of this host from starting, or one that is saved from being restored, now. Changes, counts
 * and records nothing.
 * @throws VmmError `not_found`
 */
export async function examineStart(parts: HostParts, uuid: string): Promise<readonly Obstacle[]> {
  const vm = requireVm(parts, uuid);
  const obstacles: Obstacle[] = [];
  const vlans = vm.ports.map((port) => port.vlanId);
  const resources = vm.disks.flatMap((disk) => parts.inventory.volume(disk.volume)?.resource ?? []);
  const question: EntryQuestion = {
    vm: uuid,
    kind: vm.state === 'saved' ? 'resume' : 'start',
    resources,
    ports: portsOf(vm).filter(({ vlan }) => parts.inventory.vlan(vlan) !== undefined),
    trusted: vm.trusted === true,
  };
  obstacles.push(
    ...decisions(parts.monitor.examine(question)),
    ...missingVlans(parts, vlans),
    ...missingTpm(parts, vm),
  );
  for await (const obstacle of missingVolumes(parts, vm)) obstacles.push(obstacle);
  return obstacles;
}

/** The same for a virtual machine that is somewhere else, or nowhere yet. */
export function examineArrival(parts: HostParts, newcomer: Newcomer): readonly Obstacle[] {
  const { name, label, diskLabels, vlans, trusted, policy } = newcomer;
  const question: EntryQuestion = {
    vm: name,
    kind: policy === null ? 'start' : 'migrate_in',
    resourceLabels: diskLabels,
    ports: vlans
      .filter((id) => parts.inventory.vlan(id) !== undefined)
      .map((vlan) => ({ id: vlanResource(vlan), vlan })),
    trusted,
    ...(label === null ? {} : { label }),
    ...(policy === null ? {} : { policy }),
  };
  const named: Obstacle = { code: 'name_in_use', sentence: formatMessage('TVDC0103', name) };
  return [
    ...(parts.inventory.vmByName(name) === undefined ? [] : [named]),
    ...decisions(parts.monitor.examine(question)),
    ...missingVlans(parts, vlans),
  ];
}
