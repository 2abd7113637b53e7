import { type Decision, formatLabel, type LabelChange, tryParseLabel } from '../../acm/index.js';
import type { StoreTransaction } from '../../store/index.js';
import { VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import { type VirtualMachine, vlanResource } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { decisionFacts, refuse, requireHere, requireVm } from './common.js';
import { settlePending } from './settle.js';

/** Something that carries a label: a VM or volume by UUID, a VLAN by its number. */
export type LabelTarget =
  | { readonly kind: 'vm'; readonly uuid: string }
  | { readonly kind: 'volume'; readonly uuid: string }
  | { readonly kind: 'vlan'; readonly id: number };

function registryState(vm: VirtualMachine): 'off' | 'saved' | 'other' {
  return vm.state === 'off' || vm.state === 'saved' ? vm.state : 'other';
}

/** What the reference monitor calls the element. @throws VmmError `not_found` */
export function elementOf(
  parts: HostParts,
  target: LabelTarget,
): { readonly element: LabelChange['element']; readonly id: string; readonly name: string } {
  switch (target.kind) {
    case 'vm': {
      const vm = requireVm(parts, target.uuid);
      const element = { kind: 'vm', vm: vm.uuid, state: registryState(vm), trusted: vm.trusted === true } as const;
      return { element, id: vm.uuid, name: vm.name };
    }
    case 'volume': {
      const volume = parts.inventory.volume(target.uuid);
      if (volume === undefined) throw new VmmError('not_found', [target.uuid]);
      return {
        element: { kind: 'resource', resource: volume.resource, uuid: volume.uuid },
        id: volume.uuid,
        name: volume.name,
      };
    }
    case 'vlan': {
      const vlan = parts.inventory.vlan(target.id);
      if (vlan === undefined) throw new VmmError('not_found', [vlanResource(target.id)]);
      return {
        element: { kind: 'resource', resource: vlanResource(vlan.id) },
        id: vlanResource(vlan.id),
        name: vlanResource(vlan.id),
      };
    }
  }
}

/** A volume that a labelled workload has written to changes hands only after it was erased. @throws VmmError */
export function checkSanitized(parts: HostParts, target: LabelTarget, label: string | null): void {
  if (target.kind !== 'volume') return;
  const volume = parts.inventory.volume(target.uuid);
  if (volume === undefined || !volume.used) return;
  const now = parts.monitor.labels.resource(volume.resource);
  const wanted = label === null ? null : tryParseLabel(label, parts.monitor.policy.name);
  if (now !== undefined && now.label === wanted?.label && now.policy === wanted.policy) return;
  throw new VmmError('sanitization_required', [volume.name]);
}

export interface LabelWish {
  /** null: none. */
  readonly label: string | null;
  /** The label it has now, '' for none; undefined: not compared. */
  readonly oldLabel?: string | undefined;
}

interface Relabelled {
  readonly decision: Decision;
  readonly recordId: string;
  /** Full texts. */
  readonly before: string | null;
  readonly after: string | null;
}

function labelNow(parts: HostParts, element: LabelChange['element']): string | null {
  const { labels } = parts.monitor;
  const label = element.kind === 'vm' ? labels.vm(element.vm) : labels.resource(element.resource);
  return label === undefined ? null : formatLabel(label.policy, label.label);
}

/**
 * Changes the label of an element that the caller holds; `also` writes what belongs to the same act.
 * @throws VmmError `not_found`, `sanitization_required` @throws RefusedError
 */
export async function relabelHeld(
  parts: HostParts,
  actor: Actor,
  target: LabelTarget,
  wish: LabelWish,
  also: (tx: StoreTransaction) => void = () => undefined,
): Promise<Relabelled> {
  const { label, oldLabel } = wish;
  const { element, id, name } = elementOf(parts, target);
  checkSanitized(parts, target, label);
  const before = labelNow(parts, element);
  let recordId = '';
  const change: LabelChange = { element, label, ...(oldLabel === undefined ? {} : { oldLabel }) };
  const decision = await parts.monitor.changeLabel(change, {
    record: (tx, taken) => {
      const facts = {
        change: label === null ? 'remove label' : 'assign label',
        name,
        label,
        oldLabel: oldLabel ?? null,
        ...decisionFacts(taken),
      };
      recordId = parts.journal.append(tx, { kind: 'label', actor: actor.user, subject: id, facts }).id;
      also(tx);
    },
  });
  if (!decision.permit) {
    const messageId = decision.reason === 'old_label_mismatch' ? 'TVDC0207' : 'TVDC0203';
    const sentence = messageId === 'TVDC0207' ? name : decision.sentence;
    throw await refuse(parts, actor, { messageId, arguments: [sentence], element: id, decision }, null);
  }
  return { decision, recordId, before, after: labelNow(parts, element) };
}

/**
 * Assigns (or with null removes) the label of an element.
 * @param oldLabel the label it has now, '' for none; undefined: not compared
 * @throws VmmError `not_found`, `migrating`, `sanitization_required` @throws RefusedError
 */
export function changeLabel(
  parts: HostParts,
  actor: Actor,
  target: LabelTarget,
  label: string | null,
  oldLabel?: string,
): Promise<Decision> {
  const key = target.kind === 'vlan' ? vlanResource(target.id) : target.uuid;
  return parts.locks.run(key, async () => {
    if (target.kind === 'vm') {
      requireHere(parts, target.uuid);
      await settlePending(parts, target.uuid);
    }
    const { decision, recordId, before } = await relabelHeld(parts, actor, target, { label, oldLabel });
    parts.events.emit({ kind: 'label-changed', recordId, element: elementOf(parts, target).id, label, before });
    return decision;
  });
}
