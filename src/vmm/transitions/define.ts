import type { PendingLabelChange } from '../../acm/index.js';
import { VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import type { Criticality, Disk, Port, VirtualMachine } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { type Refusal, refuse, requireState, requireVm } from './common.js';
import { beginIntent, endIntent } from './intent.js';
import { runSteps } from './steps.js';

/** What a virtual machine is to be. `volumes` are UUIDs of volumes, `vlans` numbers of VLANs of this host. */
export interface VmSpec {
  readonly name: string;
  /** `ACM:<policy>:<label>` or the bare name; null: unlabelled, to be labelled before it can start (mode strict). */
  readonly label: string | null;
  readonly memoryMiB: number;
  readonly processors: number;
  readonly volumes: readonly string[];
  readonly vlans: readonly number[];
  readonly tpm: boolean;
  readonly image: string | null;
  readonly criticality: Criticality;
}

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

function invalid(sentence: string): VmmError {
  return new VmmError('invalid', [sentence]);
}

function checkSpec(parts: HostParts, spec: VmSpec): void {
  if (!nameForm.test(spec.name))
    throw invalid(`"${spec.name}" is not a name: letters, digits, dot, dash, underscore, at most 63`);
  if (!Number.isInteger(spec.memoryMiB) || spec.memoryMiB < 1)
    throw invalid(`memory must be at least 1 MiB, got ${spec.memoryMiB}`);
  if (!Number.isInteger(spec.processors) || spec.processors < 1)
    throw invalid(`processors must be at least 1, got ${spec.processors}`);
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

/** A label was refused inside a transaction: carries the decision out of it. */
class LabelRefused extends Error {
  readonly pending: PendingLabelChange;

  constructor(pending: PendingLabelChange) {
    super(pending.decision.sentence);
    this.pending = pending;
  }
}

/**
 * Makes a virtual machine with its label and its virtual TPM: all of it or nothing.
 * @throws VmmError `invalid`, `not_found`, `name_in_use`, `driver_failed` @throws RefusedError the label is not possible
 */
export function defineVm(parts: HostParts, actor: Actor, spec: VmSpec): Promise<VirtualMachine> {
  return parts.locks.run(`name/${spec.name}`, async () => {
    checkSpec(parts, spec);
    if (parts.inventory.vmByName(spec.name) !== undefined) throw new VmmError('name_in_use', [spec.name]);
    const now = parts.clock.now();
    const vm: VirtualMachine = {
      uuid: parts.randomness.uuid(),
      name: spec.name,
      memoryMiB: spec.memoryMiB,
      processors: spec.processors,
      criticality: spec.criticality,
      disks: spec.volumes.map((volume) => newDisk(parts, volume)),
      ports: spec.vlans.map((vlan) => newPort(parts, vlan)),
      tpm: spec.tpm,
      image: spec.image,
      state: 'off',
      createdAt: now,
      changedAt: now,
    };
    await beginIntent(parts, vm.uuid, 'define', actor.user);
    try {
      let recordId = '';
      const tpm = {
        name: 'vtpm',
        run: async () => {
          if (vm.tpm) await parts.vtpms.create(vm.uuid);
        },
        undo: async () => {
          if (vm.tpm) await parts.vtpms.destroy(vm.uuid);
        },
      };
      const record = {
        name: 'record',
        run: async () => {
          recordId = await recordDefinition(parts, actor, vm, spec.label);
        },
        undo: async () => undefined,
      };
      await runSteps([tpm, record], parts.log);
      parts.events.emit({ kind: 'vm-defined', recordId, vm });
      return vm;
    } catch (error) {
      if (error instanceof LabelRefused) {
        const refusal: Refusal = {
          messageId: 'TVDC0203',
          arguments: [error.pending.decision.sentence],
          element: vm.uuid,
          decision: error.pending.decision,
        };
        throw await refuse(parts, actor, refusal, vm.uuid);
      }
      await parts.store.transaction((tx) => endIntent(tx, vm.uuid));
      throw error;
    }
  });
}

async function recordDefinition(
  parts: HostParts,
  actor: Actor,
  vm: VirtualMachine,
  label: string | null,
): Promise<string> {
  let pending: PendingLabelChange | null = null;
  const recordId = await parts.inventory.change((change) => {
    change.putVm(vm);
    if (label !== null) {
      const element = { kind: 'vm', vm: vm.uuid, state: 'off' } as const;
      pending = parts.monitor.changeLabelIn(change.tx, { element, label, oldLabel: '' });
      if (!pending.decision.permit) throw new LabelRefused(pending);
    }
    endIntent(change.tx, vm.uuid);
    const facts = { transition: 'define', name: vm.name, label };
    return parts.journal.append(change.tx, { kind: 'transition', actor: actor.user, subject: vm.uuid, facts }).id;
  });
  (pending as PendingLabelChange | null)?.applied();
  return recordId;
}

/**
 * Removes a virtual machine that is off, its label and its virtual TPM.
 * @throws VmmError `not_found`, `wrong_state`
 */
export function destroyVm(parts: HostParts, actor: Actor, uuid: string): Promise<void> {
  return parts.locks.run(uuid, async () => {
    const vm = requireVm(parts, uuid);
    requireState(vm, ['off'], 'destroy');
    await beginIntent(parts, uuid, 'destroy', actor.user);
    let forgotten: PendingLabelChange | null = null;
    const recordId = await parts.inventory.change((change) => {
      change.deleteVm(uuid);
      forgotten = parts.monitor.forget(change.tx, { kind: 'vm', vm: uuid });
      const facts = { transition: 'destroy', name: vm.name };
      return parts.journal.append(change.tx, { kind: 'transition', actor: actor.user, subject: uuid, facts }).id;
    });
    (forgotten as PendingLabelChange | null)?.applied();
    // The intent stays until the virtual TPM is gone too: recovery removes it otherwise.
    if (vm.tpm) await parts.vtpms.destroy(uuid);
    await parts.store.transaction((tx) => endIntent(tx, uuid));
    await parts.boot.forget(uuid);
    parts.events.emit({ kind: 'vm-destroyed', recordId, vm });
  });
}
