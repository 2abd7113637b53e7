import type { LabelChange, PendingLabelChange } from '../../acm/index.js';
import { messageOf } from '../../base/index.js';
import type { Actor } from '../events.js';
import type { InventoryChange, VirtualMachine, Volume } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { refuse } from './common.js';
import { beginIntent, endIntent, type Intent, openIntent } from './intent.js';
import { elementOf, type LabelTarget } from './label.js';

/** A volume that comes into being with a virtual machine. */
export interface NewVolume {
  readonly volume: Volume;
  readonly label: string | null;
  /** Puts its content where `volume.resource` says. */
  make(): Promise<void>;
}

export interface NewVm {
  readonly vm: VirtualMachine;
  readonly label: string | null;
  readonly volumes: readonly NewVolume[];
  /** Labels that its volumes and VLANs get with it. */
  readonly labels?: readonly { readonly target: LabelTarget; readonly label: string }[];
  makeTpm(): Promise<unknown>;
  /** The one it is a copy of. */
  readonly origin?: string;
}

/** A label was refused inside a transaction: carries the decision out of it. */
class LabelRefused extends Error {
  readonly pending: PendingLabelChange;
  readonly element: string;

  constructor(pending: PendingLabelChange, element: string) {
    super(pending.decision.sentence);
    this.pending = pending;
    this.element = element;
  }
}

function assign(parts: HostParts, change: InventoryChange, wish: LabelChange, element: string): void {
  if (wish.label === null) return;
  const pending = parts.monitor.changeLabelIn(change.tx, wish);
  if (!pending.decision.permit) throw new LabelRefused(pending, element);
}

function record(parts: HostParts, actor: Actor, made: NewVm): Promise<string> {
  const { vm, label } = made;
  return parts.inventory.change((change) => {
    for (const { volume, label: volumeLabel } of made.volumes) {
      change.putVolume(volume);
      const element = { kind: 'resource', resource: volume.resource, uuid: volume.uuid } as const;
      assign(parts, change, { element, label: volumeLabel, oldLabel: '' }, volume.uuid);
    }
    for (const { target, label: wanted } of made.labels ?? []) {
      const { element, id } = elementOf(parts, target);
      assign(parts, change, { element, label: wanted, oldLabel: '' }, id);
    }
    change.putVm(vm);
    assign(parts, change, { element: { kind: 'vm', vm: vm.uuid, state: 'off' }, label, oldLabel: '' }, vm.uuid);
    endIntent(change.tx, vm.uuid);
    const facts = {
      transition: made.origin === undefined ? 'define' : 'clone',
      name: vm.name,
      label,
      ...(made.origin === undefined ? {} : { origin: made.origin }),
    };
    return parts.journal.append(change.tx, { kind: 'transition', actor: actor.user, subject: vm.uuid, facts }).id;
  });
}

/** Removes what was made for a virtual machine or a volume that never got a record. */
async function removeRemains(parts: HostParts, intent: Intent): Promise<void> {
  if (parts.inventory.vm(intent.vm) === undefined && parts.vtpms.get(intent.vm) !== undefined) {
    await parts.vtpms.destroy(intent.vm);
  }
  for (const resource of intent.volumes ?? []) {
    if (parts.inventory.volumeByResource(resource) === undefined) await parts.storage.remove(resource);
  }
  await parts.store.transaction((tx) => endIntent(tx, intent.vm));
}

/** After a failure; what cannot be removed now is removed by the next start, for the intent stays. */
export async function tryRemoveRemains(parts: HostParts, uuid: string): Promise<void> {
  try {
    const intent = openIntent(parts.store, uuid);
    if (intent !== undefined) await removeRemains(parts, intent);
  } catch (error) {
    parts.log.error('remains not removed', { element: uuid, error: messageOf(error) });
  }
}

/** Makes volumes, virtual TPM and record of a virtual machine, with all labels: all of it or nothing. @throws RefusedError */
export async function makeVm(parts: HostParts, actor: Actor, made: NewVm): Promise<VirtualMachine> {
  const { vm, volumes } = made;
  let recordId: string;
  try {
    await beginIntent(
      parts,
      vm.uuid,
      'define',
      actor.user,
      volumes.map(({ volume }) => volume.resource),
    );
    for (const volume of volumes) await volume.make();
    if (vm.tpm) await made.makeTpm();
    recordId = await record(parts, actor, made);
  } catch (error) {
    await tryRemoveRemains(parts, vm.uuid);
    if (!(error instanceof LabelRefused)) throw error;
    const { decision } = error.pending;
    const refusal = {
      messageId: 'TVDC0203',
      arguments: [decision.sentence],
      element: error.element,
      decision,
    } as const;
    throw await refuse(parts, actor, refusal, null);
  }
  parts.events.emit({ kind: 'vm-defined', recordId, vm });
  return vm;
}
