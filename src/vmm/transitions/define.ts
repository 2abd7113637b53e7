import { tryParseLabel } from '../../acm/index.js';
import type { Actor } from '../events.js';
import { type Criticality, type Disk, type Port, type VirtualMachine, vlanResource } from '../inventory/index.js';
import { VmmError } from '../errors.js';
import type { HostParts } from '../parts.js';
import { requireHere } from './common.js';
import { removeVm } from './destroy.js';
import { beginIntent, endIntent, openIntent } from './intent.js';
import { checkSanitized, type LabelTarget } from './label.js';
import { lockDevices, lockNames } from './locks.js';
import { makeVm, type NewVolume } from './make.js';
import { emptyVolume } from './new-volume.js';
import { settleFailed } from './settle.js';
import { holdVm } from './transition.js';

/** A volume that is to be made with a virtual machine. */
export interface VolumeSpec {
  readonly name: string;
  readonly sizeBytes: number;
  readonly label: string | null;
}

/** What a virtual machine is to be. `volumes` are UUIDs of volumes, `vlans` numbers of VLANs of this host. */
export interface VmSpec {
  readonly name: string;
  /** For a machine that comes from elsewhere and keeps its identity; left out: a new one. */
  readonly uuid?: string;
  /** `ACM:<policy>:<label>` or the bare name; null: unlabelled, to be labelled before it can start (mode strict). */
  readonly label: string | null;
  readonly memoryMiB: number;
  readonly processors: number;
  readonly volumes: readonly string[];
  /** Volumes that are made with it; they come after the others. */
  readonly newVolumes?: readonly VolumeSpec[];
  readonly vlans: readonly number[];
  /** Labels that volumes and VLANs must have; who has none gets it with the definition. */
  readonly resourceLabels?: readonly ResourceLabel[];
  readonly tpm: boolean;
  readonly image: string | null;
  readonly criticality: Criticality;
  /** Accepted as one that may hold several types. */
  readonly trusted?: boolean;
}

export interface ResourceLabel {
  readonly target: Exclude<LabelTarget, { readonly kind: 'vm' }>;
  readonly label: string;
}

/** Each is a device of its own for those who look. */
export const mostProcessors = 1024;
/** 16 TiB. */
export const mostMemoryMiB = 1 << 24;

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

function invalid(sentence: string): VmmError {
  return new VmmError('invalid', [sentence]);
}

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text can be the UUID of a virtual machine, whatever the case of its letters. */
export function isUuid(text: string): boolean {
  return uuidForm.test(text.toLowerCase());
}

/** Nothing on this host may have the UUID of a machine that is to be made. @throws VmmError; the caller holds it */
function checkUuid(parts: HostParts, uuid: string): void {
  if (!isUuid(uuid)) throw invalid(`"${uuid}" is not a UUID`);
  requireHere(parts, uuid);
  const { inventory, identity, vtpms, store } = parts;
  const isKnown = inventory.vm(uuid) !== undefined || inventory.volume(uuid) !== undefined || identity.uuid === uuid;
  if (isKnown) throw new VmmError('name_in_use', [uuid]);
  // What is undone after a failure would be theirs.
  if (vtpms.get(uuid) !== undefined)
    throw invalid(`the virtual TPM of a machine ${uuid} is on this host: destroy it first`);
  if (openIntent(store, uuid) !== undefined) throw invalid(`what was left of ${uuid} is not removed yet`);
}

/** @throws VmmError `invalid`, `name_in_use`; the caller holds the name */
export function checkName(parts: HostParts, name: string): void {
  if (!nameForm.test(name))
    throw invalid(`"${name}" is not a name: letters, digits, dot, dash, underscore, at most 63`);
  if (parts.inventory.hasVmName(name)) throw new VmmError('name_in_use', [name]);
}

/** @throws VmmError `invalid` */
export function checkSizes({ memoryMiB, processors }: Pick<VmSpec, 'memoryMiB' | 'processors'>): void {
  if (!Number.isInteger(memoryMiB) || memoryMiB < 1 || memoryMiB > mostMemoryMiB)
    throw invalid(`memory must be 1 to ${mostMemoryMiB} MiB, got ${memoryMiB}`);
  if (!Number.isInteger(processors) || processors < 1 || processors > mostProcessors)
    throw invalid(`processors must be 1 to ${mostProcessors}, got ${processors}`);
}

function checkSpec(parts: HostParts, spec: VmSpec): void {
  checkSizes(spec);
  if (new Set(spec.volumes).size !== spec.volumes.length) throw invalid('a volume is named twice');
  for (const volume of spec.volumes) {
    const found = parts.inventory.volume(volume);
    if (found === undefined) throw new VmmError('not_found', [volume]);
    const user = parts.inventory.usersOf(volume)[0];
    if (user !== undefined) throw new VmmError('in_use', [found.name, user.name]);
  }
  for (const vlan of spec.vlans) {
    if (parts.inventory.vlan(vlan) === undefined) throw new VmmError('not_found', [`vlan:${vlan}`]);
  }
  const names = (spec.newVolumes ?? []).map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new VmmError('name_in_use', [twice]);
}

/** A volume as it will be; its content is made with the virtual machine. @throws VmmError `invalid`, `name_in_use` */
function newVolume(parts: HostParts, { name, sizeBytes, label }: VolumeSpec): NewVolume {
  const volume = emptyVolume(parts, name, sizeBytes);
  return { volume, label, make: async () => void (await parts.storage.create(volume.uuid, sizeBytes)) };
}

function hasLabel(parts: HostParts, target: ResourceLabel['target'], label: string): boolean {
  const resource = target.kind === 'vlan' ? vlanResource(target.id) : parts.inventory.volume(target.uuid)?.resource;
  const now = resource === undefined ? undefined : parts.monitor.labels.resource(resource);
  const wanted = tryParseLabel(label, parts.monitor.policy.name);
  return now !== undefined && now.label === wanted?.label && now.policy === wanted.policy;
}

/** Labels that are not there yet. @throws VmmError `sanitization_required` */
function missingLabels(parts: HostParts, { resourceLabels = [] }: VmSpec): readonly ResourceLabel[] {
  return resourceLabels.filter(({ target, label }) => {
    if (hasLabel(parts, target, label)) return false;
    checkSanitized(parts, target, label);
    return true;
  });
}

/** A locally administered unicast address (IEEE 802). */
function randomMac(parts: HostParts): string {
  const bytes = parts.randomness.bytes(6);
  bytes[0] = ((bytes[0] as number) & 0xfc) | 0x02;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

export function newDisk(parts: HostParts, volume: string): Disk {
  return { id: parts.randomness.uuid(), volume };
}

export function newPort(parts: HostParts, vlanId: number): Port {
  return { id: parts.randomness.uuid(), mac: randomMac(parts), vlanId };
}

/**
 * Makes a virtual machine with its label and its virtual TPM: all of it or nothing.
 * @throws VmmError `invalid`, `not_found`, `name_in_use`, `in_use`, `driver_failed` @throws RefusedError the label is not possible
 */
export function defineVm(parts: HostParts, actor: Actor, spec: VmSpec): Promise<VirtualMachine> {
  const { name, label, volumes, vlans, memoryMiB, processors, criticality, tpm, image } = spec;
  const newNames = (spec.newVolumes ?? []).map((volume) => volume.name);
  const uuid = spec.uuid?.toLowerCase() ?? parts.randomness.uuid();
  const work = (): Promise<VirtualMachine> =>
    lockDevices(parts, volumes, vlans, async () => {
      checkName(parts, name);
      checkUuid(parts, uuid);
      checkSpec(parts, spec);
      const made = (spec.newVolumes ?? []).map((volume) => newVolume(parts, volume));
      const now = parts.clock.now();
      const vm: VirtualMachine = {
        uuid,
        name,
        memoryMiB,
        processors,
        criticality,
        trusted: spec.trusted === true,
        disks: [...volumes, ...made.map(({ volume }) => volume.uuid)].map((volume) => newDisk(parts, volume)),
        ports: vlans.map((vlan) => newPort(parts, vlan)),
        tpm,
        image,
        state: 'off',
        createdAt: now,
        changedAt: now,
      };
      const labels = missingLabels(parts, spec);
      return makeVm(parts, actor, { vm, label, volumes: made, labels, makeTpm: () => parts.vtpms.create(vm.uuid) });
    });
  return lockNames(parts, name, newNames, () => parts.locks.run(uuid, work));
}

/**
 * Removes a virtual machine that is off, its label and its virtual TPM. Its volumes stay, with label and content.
 * @throws VmmError `not_found`, `wrong_state` @throws VtpmError nothing was changed
 */
export function destroyVm(parts: HostParts, actor: Actor, uuid: string): Promise<void> {
  return holdVm(parts, uuid, { states: ['off'], what: 'destroy' }, async (vm) => {
    try {
      await beginIntent(parts, uuid, 'destroy', actor.user);
      await removeVm(parts, actor, vm);
    } catch (error) {
      if (openIntent(parts.store, uuid) === undefined) throw error;
      // As long as the virtual TPM is whole nothing has happened; afterwards there is only one way to go.
      const whole = !vm.tpm || parts.vtpms.get(uuid) !== undefined;
      if (whole) await parts.store.transaction((tx) => endIntent(tx, uuid));
      else await settleFailed(parts, uuid);
      if (parts.inventory.vm(uuid) !== undefined) throw error;
    }
  });
}
