import { type Decision, decisionRecord } from '../../acm/index.js';
import type { MessageId } from '../../base/index.js';
import type { JsonValue } from '../../store/index.js';
import { RefusedError, VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import type { DomainSpec } from '../hypervisor/index.js';
import type { Disk, InventoryChange, Port, VirtualMachine, VmState, Volume } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { endIntent } from './intent.js';

/** @throws VmmError `not_found` */
export function requireVm(parts: HostParts, uuid: string): VirtualMachine {
  const vm = parts.inventory.vm(uuid);
  if (vm === undefined) throw new VmmError('not_found', [uuid]);
  return vm;
}

/** A virtual machine that is on its way to or from another host belongs to that alone. @throws VmmError `migrating` */
export function requireHere(parts: HostParts, uuid: string): void {
  const migration = parts.inventory.migration(uuid);
  if (migration === undefined) return;
  const { vm, direction, peer } = migration;
  throw new VmmError('migrating', [vm.name, direction === 'out' ? 'to' : 'from', peer]);
}

/** @throws VmmError `wrong_state` */
export function requireState(vm: VirtualMachine, wanted: readonly VmState[], what: string): void {
  if (!wanted.includes(vm.state)) throw new VmmError('wrong_state', [vm.name, vm.state, what, wanted.join(' or ')]);
}

/** @throws VmmError `not_found` */
function resourceOf(parts: HostParts, disk: Disk): string {
  const volume = parts.inventory.volume(disk.volume);
  if (volume === undefined) throw new VmmError('not_found', [disk.volume]);
  return volume.resource;
}

/** ACM names of the resources that a VM opens when it starts. @throws VmmError `not_found` */
export function resourcesOf(parts: HostParts, vm: VirtualMachine): readonly string[] {
  return vm.disks.map((disk) => resourceOf(parts, disk));
}

/** Where a driver finds what a disk shows. @throws VmmError `not_found` */
export function diskPath(parts: HostParts, disk: Disk): string {
  return resourceOf(parts, disk).replace(/^[a-z]+:/, '');
}

export function portsOf(vm: VirtualMachine): readonly { readonly id: string; readonly vlan: number }[] {
  return vm.ports.map((port) => ({ id: port.id, vlan: port.vlanId }));
}

/** What the driver needs; bridges are named by the network driver. */
export async function domainOf(parts: HostParts, vm: VirtualMachine): Promise<DomainSpec> {
  const ports: { id: string; mac: string; bridge: string }[] = [];
  for (const port of vm.ports) {
    ports.push({ id: port.id, mac: port.mac, bridge: await parts.network.ensureBridge(port.vlanId) });
  }
  return {
    uuid: vm.uuid,
    name: vm.name,
    memoryMiB: vm.memoryMiB,
    processors: vm.processors,
    disks: vm.disks.map((disk) => ({ id: disk.id, path: diskPath(parts, disk) })),
    ports,
  };
}

/** Connects ports to the bridges of their VLANs. */
export async function connectPorts(parts: HostParts, ports: readonly Port[]): Promise<void> {
  for (const port of ports) {
    await parts.network.ensureBridge(port.vlanId);
    await parts.network.connect(port, port.vlanId);
  }
}

export async function disconnectPorts(parts: HostParts, ports: readonly Port[]): Promise<void> {
  for (const port of ports) await parts.network.disconnect(port.id);
}

/** Volumes of a VM that nobody has written to since they were made or erased. */
export function unusedVolumes(parts: HostParts, vm: VirtualMachine): readonly Volume[] {
  return vm.disks.flatMap((disk) => {
    const volume = parts.inventory.volume(disk.volume);
    return volume === undefined || volume.used ? [] : [volume];
  });
}

/** The VM may write to its volumes from now on. */
export function markVolumesUsed(parts: HostParts, vm: VirtualMachine, change: InventoryChange): void {
  for (const volume of unusedVolumes(parts, vm)) change.putVolume({ ...volume, used: true });
}

/** What a refusal is about, for the record, the alert and the error. */
export interface Refusal {
  readonly messageId: MessageId;
  readonly arguments: readonly string[];
  /** UUID of the element concerned; null for policies. */
  readonly element: string | null;
  readonly decision: Decision;
}

/**
 * Records a denial, tells it, and makes the error to throw. Equal denials in quick succession are only counted. The intent of
 * `vm` ends with it.
 */
export async function refuse(
  parts: HostParts,
  actor: Actor,
  refusal: Refusal,
  vm: string | null,
): Promise<RefusedError> {
  const { messageId, element, decision } = refusal;
  const subject = element ?? decision.subject;
  const key = [actor.user, subject, messageId, decision.reason, decision.sentence].join('\0');
  const { recordId, isNew } = await parts.denials.record(key, (repeated) =>
    parts.store.transaction((tx) => {
      if (vm !== null) endIntent(tx, vm);
      const facts = { ...decisionFacts(decision), ...(repeated === 0 ? {} : { repeated }) };
      return parts.journal.append(tx, { kind: 'decision', actor: actor.user, subject, facts }).id;
    }),
  );
  if (isNew) {
    parts.events.emit({ kind: 'denied', recordId, actor, messageId, arguments: refusal.arguments, element, decision });
  } else if (vm !== null) await parts.store.transaction((tx) => endIntent(tx, vm));
  return new RefusedError(messageId, refusal.arguments, decision, recordId);
}

/** A decision as the journal keeps it. */
export function decisionFacts(decision: Decision): Readonly<Record<string, JsonValue>> {
  return JSON.parse(JSON.stringify(decisionRecord(decision))) as Record<string, JsonValue>;
}

/** A VM in its new state, its record in the journal, its intent ended: one transaction, then the event. */
export async function commitVm(
  parts: HostParts,
  actor: Actor,
  transition: string,
  before: VirtualMachine,
  after: VirtualMachine,
  decision: Decision | null = null,
): Promise<VirtualMachine> {
  const vm = { ...after, changedAt: parts.clock.now() };
  const recordId = await parts.inventory.change((change) => {
    change.putVm(vm);
    if (vm.state === 'running' || vm.state === 'paused') markVolumesUsed(parts, vm, change);
    endIntent(change.tx, vm.uuid);
    return parts.journal.append(change.tx, {
      kind: decision === null ? 'transition' : 'decision',
      actor: actor.user,
      subject: vm.uuid,
      facts: { transition, name: vm.name, state: vm.state, ...(decision === null ? {} : decisionFacts(decision)) },
    }).id;
  });
  parts.events.emit({ kind: 'vm-changed', recordId, vm, before, transition });
  return vm;
}
