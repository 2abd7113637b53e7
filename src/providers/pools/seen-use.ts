import type { Caller } from '../../cimom/index.js';
import { nothingUsed, type ResourceUse, sumOfUse, useOfVm, useOfVolume } from '../../vmm/index.js';
import type { HostView } from '../kit/index.js';

const mostRemembered = 100;

/** What callers may know to be in use: all of it, or the share of the workloads that they see. */
export class SeenUse {
  readonly #view: HostView;
  /** By user. Nothing that counts here changes without an entry in the journal. */
  readonly #remembered = new Map<string, { readonly head: number; readonly use: ResourceUse }>();

  constructor(view: HostView) {
    this.#view = view;
  }

  by(caller: Caller): ResourceUse {
    const { inventory, journal } = this.#view.parts;
    if (this.#view.veil.seesAll(caller)) return inventory.use();
    const head = journal.head().sequence;
    const known = this.#remembered.get(caller.user);
    if (known?.head === head) return known.use;
    const use = this.#sum(caller);
    if (this.#remembered.size >= mostRemembered) this.#remembered.clear();
    this.#remembered.set(caller.user, { head, use });
    return use;
  }

  #sum(caller: Caller): ResourceUse {
    const { inventory } = this.#view.parts;
    const isHidden = this.#view.veil.hider(caller);
    let use = nothingUsed;
    for (const vm of inventory.vms()) if (!isHidden(vm.uuid)) use = sumOfUse(use, useOfVm(vm));
    for (const volume of inventory.volumes()) if (!isHidden(volume.uuid)) use = sumOfUse(use, useOfVolume(volume));
    return use;
  }
}
