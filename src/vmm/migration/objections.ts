import type { Decision } from '../../acm/index.js';
import { messageOf } from '../../base/index.js';
import { swtpmAvailable } from '../../vtpm/index.js';
import { imageDigest } from '../boot/index.js';
import { type VirtualMachine, vlanResource } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { labelOfResource, type MigrationProposal } from './proposal.js';
import type { Objection } from './refused.js';

/** What stands against a proposal here. `decision`: where the reference monitor said so. */
export interface Finding extends Objection {
  readonly decision: Decision | null;
}

const mebibyte = 1 << 20;

function finding(reason: string, sentence: string, byPolicy = false): Finding {
  return { reason, sentence, byPolicy, decision: null };
}

function findVolume(parts: HostParts, { name, resource }: MigrationProposal['disks'][number]) {
  return parts.inventory.volumeByResource(name) ?? parts.inventory.volumeByResource(resource);
}

/** The virtual machine as it will be here, with the volumes of this host; those that are not here are left out. */
export function arrivalOf(parts: HostParts, proposal: MigrationProposal): VirtualMachine {
  const { vm, disks, ports } = proposal;
  const { imageDigest: _digest, tpm, ...same } = vm;
  return {
    ...same,
    tpm: tpm !== null,
    disks: disks.flatMap((disk) => {
      const volume = findVolume(parts, disk);
      return volume === undefined ? [] : [{ id: disk.id, volume: volume.uuid }];
    }),
    ports: ports.map(({ id, mac, vlanId }) => ({ id, mac, vlanId })),
    changedAt: vm.createdAt,
  };
}

function shownLabel(label: string | null): string {
  return label ?? 'no label';
}

function* identity(parts: HostParts, { vm }: MigrationProposal): Generator<Finding> {
  const { inventory } = parts;
  const coming = inventory.migration(vm.uuid);
  if (coming !== undefined) yield finding('migrating', `${vm.name} is on its way already.`);
  else if (inventory.vm(vm.uuid) !== undefined) yield finding('uuid_in_use', `${vm.name} is on this host already.`);
  const named = inventory.vmByName(vm.name);
  if (coming === undefined && inventory.hasVmName(vm.name) && named?.uuid !== vm.uuid)
    yield finding('name_in_use', `The name ${vm.name} is in use on this host.`);
  const tpm = parts.vtpms.get(vm.uuid);
  if (tpm !== undefined && coming === undefined && inventory.vm(vm.uuid) === undefined && tpm.state !== 'migrated')
    yield finding('vtpm_in_use', `There is a virtual TPM of ${vm.name} on this host already.`);
}

/** Storage is shared between hosts: what a disk shows must be known here under the same name, and protected in the same way. */
function* volumes(parts: HostParts, { vm, disks }: MigrationProposal): Generator<Finding> {
  for (const disk of disks) {
    const volume = findVolume(parts, disk);
    if (volume === undefined) {
      yield finding('volume_unknown', `There is no volume ${disk.name} on this host.`);
      continue;
    }
    const label = labelOfResource(parts, volume.resource);
    if (label !== disk.label) {
      const sentence = `Volume ${disk.name} has ${shownLabel(label)} on this host, but ${shownLabel(disk.label)} at the source.`;
      yield finding('volume_label', sentence, true);
    }
    if (volume.sizeBytes !== disk.sizeBytes)
      yield finding('volume_differs', `Volume ${disk.name} has another size on this host: it is not the same one.`);
    const user = parts.inventory.usersOf(volume.uuid).find(({ uuid }) => uuid !== vm.uuid);
    if (user !== undefined)
      yield finding('volume_in_use', `Volume ${disk.name} is in use by ${user.name} on this host.`);
  }
}

function* networks(parts: HostParts, { ports }: MigrationProposal): Generator<Finding> {
  const seen = new Set<number>();
  for (const { vlanId, label } of ports) {
    if (seen.has(vlanId)) continue;
    seen.add(vlanId);
    const resource = vlanResource(vlanId);
    if (parts.inventory.vlan(vlanId) === undefined) {
      yield finding('vlan_unknown', `There is no ${resource} on this host.`);
      continue;
    }
    const here = labelOfResource(parts, resource);
    if (here === label) continue;
    const sentence = `${resource} has ${shownLabel(here)} on this host, but ${shownLabel(label)} at the source.`;
    yield finding('vlan_label', sentence, true);
  }
}

/** Memory is promised once; a machine that is off takes none. */
async function* room(parts: HostParts, { vm }: MigrationProposal): AsyncGenerator<Finding> {
  if (vm.state === 'off') return;
  const { memoryBytes } = await parts.hypervisor.capacity();
  const coming = [...parts.inventory.migrations()].flatMap((item) => (item.direction === 'in' ? [item.vm] : []));
  const on = [...parts.inventory.vms(), ...coming].filter(({ state }) => state === 'running' || state === 'paused');
  const left = Math.floor(memoryBytes / mebibyte) - on.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0);
  if (vm.memoryMiB > left)
    yield finding(
      'capacity',
      `${vm.name} needs ${vm.memoryMiB} MiB, of which this host has ${Math.max(0, left)} left.`,
    );
}

async function* machinery({ vm }: MigrationProposal): AsyncGenerator<Finding> {
  if (vm.tpm === 'swtpm' && !(await swtpmAvailable()))
    yield finding('vtpm_backend', `The virtual TPM of ${vm.name} runs on swtpm, which this host does not have.`);
  if (vm.image === null) return;
  try {
    if ((await imageDigest(vm.image)) !== vm.imageDigest)
      yield finding('image_differs', `${vm.image} is another image on this host than at the source.`);
  } catch (error) {
    yield finding('image_unknown', `What ${vm.name} boots is not on this host: ${messageOf(error)}.`);
  }
}

/** A machine that is off takes no place in the running set: what runs beside it matters when it starts. */
function mattersNow(decision: Decision, state: VirtualMachine['state']): boolean {
  return state !== 'off' || (decision.hook !== 'conflict' && decision.rule !== 'running-systems');
}

/** The sentence of a decision, with the name of a machine that this host does not know yet. */
export function naming({ uuid, name }: { readonly uuid: string; readonly name: string }, decision: Decision): string {
  return decision.sentence.replaceAll(uuid, name);
}

/** The reference monitor's own verdict: policy, label, authorization, conflicts, devices. */
function* verdict(parts: HostParts, proposal: MigrationProposal, vm: VirtualMachine): Generator<Finding> {
  const decisions = parts.monitor.examine({
    vm: vm.uuid,
    kind: 'migrate_in',
    policy: proposal.policy,
    ...(proposal.label === null ? {} : { label: proposal.label }),
    resources: vm.disks.flatMap(({ volume }) => parts.inventory.volume(volume)?.resource ?? []),
    ports: vm.ports
      .filter(({ vlanId }) => parts.inventory.vlan(vlanId))
      .map(({ id, vlanId }) => ({ id, vlan: vlanId })),
    trusted: vm.trusted === true,
  });
  for (const decision of decisions) {
    if (!mattersNow(decision, vm.state)) continue;
    yield { reason: decision.reason, sentence: naming(vm, decision), byPolicy: true, decision };
  }
}

/** Everything that stands against a virtual machine on this host, not only the first; changes nothing. */
export async function findingsAgainst(parts: HostParts, proposal: MigrationProposal): Promise<readonly Finding[]> {
  const vm = arrivalOf(parts, proposal);
  const found = [
    ...identity(parts, proposal),
    ...verdict(parts, proposal, vm),
    ...volumes(parts, proposal),
    ...networks(parts, proposal),
  ];
  for await (const item of room(parts, proposal)) found.push(item);
  for await (const item of machinery(proposal)) found.push(item);
  return found;
}
