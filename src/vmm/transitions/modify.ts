import { tryParseLabel } from '../../acm/index.js';
import type { JsonValue } from '../../store/index.js';
import { VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import { type Criticality, type Disk, type VirtualMachine, vlanResource, vmStates } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { requireState } from './common.js';
import { checkName, checkSizes } from './define.js';
import { relabelHeld } from './label.js';
import { lockDevices, lockName } from './locks.js';
import { holdVm } from './transition.js';

/** Another VLAN or address of a network interface that there is. */
export interface PortChange {
  readonly id: string;
  readonly vlanId?: number;
  /** `02:00:5e:10:00:01`. */
  readonly mac?: string;
}

/** What is to change of a virtual machine; what is left out stays. */
export interface VmChange {
  readonly name?: string;
  /** `ACM:<policy>:<label>` or the bare name; null: none. */
  readonly label?: string | null;
  readonly criticality?: Criticality;
  /** Whether it may hold several types; counts from its next entry into the running set. */
  readonly trusted?: boolean;
  readonly memoryMiB?: number;
  readonly processors?: number;
  /** Other volumes behind disks that there are. */
  readonly disks?: readonly Disk[];
  readonly ports?: readonly PortChange[];
}

/** What may only change while the virtual machine is off: its domain is made of it at start. */
const configuration: readonly Field[] = ['name', 'memoryMiB', 'processors', 'disks', 'ports'];
const fields = ['name', 'memoryMiB', 'processors', 'disks', 'ports', 'criticality', 'trusted'] as const;
type Field = (typeof fields)[number];

const macForm = /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/;

function invalid(sentence: string): VmmError {
  return new VmmError('invalid', [sentence]);
}

function otherDisks(parts: HostParts, vm: VirtualMachine, wanted: readonly Disk[]): readonly Disk[] {
  const volumes = new Map(wanted.map(({ id, volume }) => [id, volume]));
  for (const { id, volume } of wanted) {
    if (!vm.disks.some((disk) => disk.id === id)) throw new VmmError('not_found', [id]);
    if (parts.inventory.volume(volume) === undefined) throw new VmmError('not_found', [volume]);
  }
  const disks = vm.disks.map(({ id, volume }) => ({ id, volume: volumes.get(id) ?? volume }));
  for (const [at, { volume }] of disks.entries()) {
    const user = parts.inventory.usersOf(volume).find((other) => other.uuid !== vm.uuid);
    const twice = disks.findIndex((disk) => disk.volume === volume) !== at;
    if (user !== undefined || twice) {
      throw new VmmError('in_use', [parts.inventory.volume(volume)?.name ?? volume, (user ?? vm).name]);
    }
  }
  return disks;
}

function checkMac(parts: HostParts, port: string, mac: string): void {
  if (!macForm.test(mac) || mac === '00:00:00:00:00:00') throw invalid(`"${mac}" is not the address of one interface`);
  for (const vm of parts.inventory.vms()) {
    if (vm.ports.some((other) => other.mac === mac && other.id !== port)) throw new VmmError('in_use', [mac, vm.name]);
  }
}

function otherPorts(parts: HostParts, vm: VirtualMachine, wanted: readonly PortChange[]): VirtualMachine['ports'] {
  const ports = [...vm.ports];
  for (const { id, vlanId, mac } of wanted) {
    const at = ports.findIndex((port) => port.id === id);
    const port = ports[at];
    if (port === undefined) throw new VmmError('not_found', [id]);
    if (vlanId !== undefined && parts.inventory.vlan(vlanId) === undefined)
      throw new VmmError('not_found', [vlanResource(vlanId)]);
    if (mac !== undefined) checkMac(parts, id, mac);
    if (mac !== undefined && ports.some((other) => other.mac === mac && other.id !== id))
      throw new VmmError('in_use', [mac, vm.name]);
    ports[at] = { ...port, vlanId: vlanId ?? port.vlanId, mac: mac ?? port.mac };
  }
  return ports;
}

/** The virtual machine as it would be. @throws VmmError `invalid`, `name_in_use`, `not_found`, `in_use` */
function changed(parts: HostParts, vm: VirtualMachine, change: VmChange): VirtualMachine {
  const after: VirtualMachine = {
    ...vm,
    name: change.name ?? vm.name,
    memoryMiB: change.memoryMiB ?? vm.memoryMiB,
    processors: change.processors ?? vm.processors,
    criticality: change.criticality ?? vm.criticality,
    trusted: change.trusted ?? vm.trusted === true,
    disks: change.disks === undefined ? vm.disks : otherDisks(parts, vm, change.disks),
    ports: change.ports === undefined ? vm.ports : otherPorts(parts, vm, change.ports),
  };
  if (after.name !== vm.name) checkName(parts, after.name);
  checkSizes(after);
  return after;
}

function asText(vm: VirtualMachine, field: Field): string {
  return JSON.stringify(field === 'trusted' ? vm.trusted === true : vm[field]);
}

function differing(before: VirtualMachine, after: VirtualMachine): readonly Field[] {
  return fields.filter((field) => asText(before, field) !== asText(after, field));
}

/** Whether a label that is asked for is another than the one there is. */
function isOtherLabel(parts: HostParts, uuid: string, wanted: string | null): boolean {
  const now = parts.monitor.labels.vm(uuid);
  if (wanted === null) return now !== undefined;
  const label = tryParseLabel(wanted, parts.monitor.policy.name);
  return label === null || now?.label !== label.label || now.policy !== label.policy;
}

async function modify(parts: HostParts, actor: Actor, before: VirtualMachine, change: VmChange) {
  const after = changed(parts, before, change);
  const names = differing(before, after);
  if (names.some((name) => configuration.includes(name))) requireState(before, ['off'], 'change');
  const relabels = change.label !== undefined && isOtherLabel(parts, before.uuid, change.label);
  if (names.length === 0 && !relabels) return before;
  const vm: VirtualMachine = names.length === 0 ? before : after;
  const write = (tx: Parameters<typeof parts.inventory.changeIn>[0]): string => {
    if (names.length > 0) parts.inventory.changeIn(tx).putVm(vm);
    const changes = Object.fromEntries(
      names.map((name) => [name, JSON.parse(`{"from":${asText(before, name)},"to":${asText(after, name)}}`)]),
    ) as Record<string, JsonValue>;
    const facts = { change: 'modify', name: vm.name, changes };
    return parts.journal.append(tx, { kind: 'vm', actor: actor.user, subject: vm.uuid, facts }).id;
  };
  if (!relabels) {
    const recordId = await parts.store.transaction(write);
    parts.events.emit({ kind: 'vm-changed', recordId, vm, before, transition: 'modify' });
    return vm;
  }
  const target = { kind: 'vm', uuid: vm.uuid } as const;
  const wish = { label: change.label ?? null };
  const relabelled = await relabelHeld(parts, actor, target, wish, (tx) => {
    if (names.length > 0) write(tx);
  });
  const { recordId, before: from, after: to } = relabelled;
  parts.events.emit({
    kind: 'vm-changed',
    recordId,
    vm,
    before,
    transition: 'modify',
    label: { before: from, after: to },
  });
  return vm;
}

/**
 * Changes what a virtual machine is made of, and its label with it: all of it or nothing. Name, sizes and devices change only
 * while it is off; what is as asked for already is no change. The trusted mark counts from the next entry into the running set:
 * one that runs is not stopped.
 * @throws VmmError `not_found`, `wrong_state`, `invalid`, `name_in_use`, `in_use` @throws RefusedError the label is not possible
 */
export function modifyVm(parts: HostParts, actor: Actor, uuid: string, change: VmChange): Promise<VirtualMachine> {
  const volumes = (change.disks ?? []).map((disk) => disk.volume);
  const vlans = (change.ports ?? []).flatMap((port) => port.vlanId ?? []);
  const hold = (): Promise<VirtualMachine> =>
    holdVm(parts, uuid, { states: vmStates, what: 'change' }, (before) =>
      lockDevices(parts, volumes, vlans, () => modify(parts, actor, before, change)),
    );
  return change.name === undefined ? hold() : lockName(parts, 'vm', change.name, hold);
}
