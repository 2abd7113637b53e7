import type { StoreTransaction } from '../../store/index.js';
import {
  type Decision,
  denied,
  type HostState,
  type JudgedLabel,
  judgeResourceLabel,
  judgeVmLabel,
  permitted,
  tryResourceName,
} from '../decisions/index.js';
import type { LabelRegistry, LabelWrite } from '../labels/index.js';
import type { LabelChange, LabelledElement, PendingLabelChange } from './contract.js';

const nothing = (): void => undefined;

/** Judges and writes changes of single labels. */
export class LabelChanges {
  readonly #host: HostState;
  readonly #labels: LabelRegistry;

  constructor(host: HostState, labels: LabelRegistry) {
    this.#host = host;
    this.#labels = labels;
  }

  judge({ element, label, oldLabel }: LabelChange): JudgedLabel {
    const wish = { label, ...(oldLabel === undefined ? {} : { oldLabel }) };
    if (element.kind === 'resource') return judgeResourceLabel(this.#host, element.resource, wish);
    if (element.state === 'other' && !this.#host.domains.has(element.vm)) {
      return { decision: this.#onItsWay(element.vm, label ?? '') };
    }
    const { trusted } = element;
    return judgeVmLabel(this.#host, element.vm, { ...wish, ...(trusted === undefined ? {} : { trusted }) });
  }

  #onItsWay(vm: string, object: string): Decision {
    return denied({
      reason: 'wrong_state',
      hook: 'state',
      rule: 'life-cycle',
      subject: vm,
      object,
      xserr: 'XSERR_VM_WRONG_STATE',
      detail: 'XSERR_VM_WRONG_STATE',
      sentence: `VM ${this.#host.nameOf(vm)} is on its way: its label can change when it is off, saved or runs.`,
    });
  }

  /** Writes a permitted change; memory follows when it is on disk. A refused one writes nothing. */
  write(tx: StoreTransaction, element: LabelledElement, { decision, assign, row }: JudgedLabel): PendingLabelChange {
    if (assign === undefined) return { decision, applied: nothing };
    const write: LabelWrite =
      element.kind === 'vm'
        ? { kind: 'vm', key: element.vm, label: assign }
        : {
            kind: 'resource',
            key: tryResourceName(element.resource, this.#host.mode)?.name ?? element.resource,
            label: assign,
            ...(element.uuid === undefined ? {} : { uuid: element.uuid }),
          };
    this.#labels.write(tx, [write]);
    let done = false;
    const applied = (): void => {
      if (done) return;
      done = true;
      this.#labels.apply([write]);
      if (element.kind === 'vm' && row !== undefined) this.#host.relabel(element.vm, row);
    };
    tx.afterCommit(applied);
    return { decision, applied };
  }

  forget(tx: StoreTransaction, element: LabelledElement): PendingLabelChange {
    const subject = element.kind === 'vm' ? element.vm : element.resource;
    const sentence = `${this.#host.nameOf(subject)} is gone, and its label with it.`;
    const decision = permitted({
      reason: 'ok',
      hook: 'label',
      rule: 'label-definition',
      subject,
      object: '',
      sentence,
    });
    return this.write(tx, element, { decision, assign: null });
  }
}
