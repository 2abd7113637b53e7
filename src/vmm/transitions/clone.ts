import type { Actor } from '../events.js';
import type { Criticality, VirtualMachine, Volume } from '../inventory/index.js';
import { VmmError } from '../errors.js';
import type { HostParts } from '../parts.js';
import { checkName, checkSizes, newDisk, newPort } from './define.js';
import { lockDevices, lockNames } from './locks.js';
import { makeVm, type NewVolume } from './make.js';
import { holdVm } from './transition.js';

function validLabel(label: { readonly label: string; readonly state: string } | undefined): string | null {
  return label?.state === 'valid' ? label.label : null;
}

function copyOf(parts: HostParts, source: Volume, name: string): NewVolume {
  if (parts.inventory.volumeByResource(name) !== undefined) throw new VmmError('name_in_use', [name]);
  const uuid = parts.randomness.uuid();
  const resource = parts.storage.locate(uuid);
  return {
    volume: { ...source, uuid, name, resource },
    label: validLabel(parts.monitor.labels.resource(source.resource)),
    make: async () => {
      await parts.storage.copy(source.resource, uuid);
    },
  };
}

function volumesOf(parts: HostParts, vm: VirtualMachine): readonly Volume[] {
  return vm.disks.map((disk) => {
    const volume = parts.inventory.volume(disk.volume);
    if (volume === undefined) throw new VmmError('not_found', [disk.volume]);
    return volume;
  });
}

/** What a copy has of its own beside its name; the rest is its origin's. */
export interface CloneChanges {
  readonly memoryMiB?: number;
  readonly processors?: number;
  readonly criticality?: Criticality;
  /** Not its origin's: who holds several types is decided for each. */
  readonly trusted?: boolean;
}

const copyName = (name: string, at: number): string => `${name}-disk-${at + 1}`;

/** @param held names of the copies of so many volumes are held @returns null: it has got more volumes meanwhile */
async function cloneHeld(
  parts: HostParts,
  actor: Actor,
  origin: VirtualMachine,
  name: string,
  { trusted, ...changes }: CloneChanges,
  held: number,
): Promise<VirtualMachine | null> {
  const sources = volumesOf(parts, origin);
  if (sources.length > held) return null;
  const used = sources.map((volume) => volume.uuid);
  const vlans = origin.ports.map((port) => port.vlanId);
  return lockDevices(parts, used, vlans, async () => {
    checkName(parts, name);
    checkSizes({ ...origin, ...changes });
    const volumes = sources.map((source, at) => copyOf(parts, source, copyName(name, at)));
    const now = parts.clock.now();
    const vm: VirtualMachine = {
      ...origin,
      ...changes,
      trusted: trusted === true,
      uuid: parts.randomness.uuid(),
      name,
      disks: volumes.map(({ volume }) => newDisk(parts, volume.uuid)),
      ports: vlans.map((vlan) => newPort(parts, vlan)),
      createdAt: now,
      changedAt: now,
    };
    return makeVm(parts, actor, {
      vm,
      label: validLabel(parts.monitor.labels.vm(origin.uuid)),
      volumes,
      makeTpm: () => parts.vtpms.clone(origin.uuid, vm.uuid),
      origin: origin.uuid,
    });
  });
}

/**
 * Makes a copy of a virtual machine that is off: same label, same configuration, copies of its volumes (`<name>-disk-<n>`,
 * labelled as the originals) and a new identity: UUID, MAC addresses, virtual TPM with its own endorsement key.
 * @throws VmmError `not_found`, `wrong_state`, `invalid`, `name_in_use`, `driver_failed` @throws RefusedError
 */
export async function cloneVm(
  parts: HostParts,
  actor: Actor,
  uuid: string,
  name: string,
  changes: CloneChanges = {},
): Promise<VirtualMachine> {
  for (;;) {
    const disks = parts.inventory.vm(uuid)?.disks ?? [];
    const copies = disks.map((_disk, at) => copyName(name, at));
    const needs = { states: ['off'], what: 'clone' } as const;
    const copy = await lockNames(parts, name, copies, () =>
      holdVm(parts, uuid, needs, (origin) => cloneHeld(parts, actor, origin, name, changes, copies.length)),
    );
    if (copy !== null) return copy;
  }
}
