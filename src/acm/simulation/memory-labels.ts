import type { AssignedLabel, LabelView, ResourceLabelEntry, VmLabelEntry } from '../labels/index.js';

/** Labels that live as long as a simulation. */
export class MemoryLabels implements LabelView {
  readonly #vms = new Map<string, AssignedLabel>();
  readonly #resources = new Map<string, AssignedLabel>();

  vm(vm: string): AssignedLabel | undefined {
    return this.#vms.get(vm);
  }

  resource(name: string): AssignedLabel | undefined {
    return this.#resources.get(name);
  }

  *vms(): Generator<VmLabelEntry> {
    for (const [vm, label] of this.#vms) yield { vm, ...label };
  }

  *resources(): Generator<ResourceLabelEntry> {
    for (const [resource, label] of this.#resources) yield { resource, ...label };
  }

  setVm(vm: string, label: AssignedLabel | null): void {
    if (label === null) this.#vms.delete(vm);
    else this.#vms.set(vm, label);
  }

  setResource(name: string, label: AssignedLabel | null): void {
    if (label === null) this.#resources.delete(name);
    else this.#resources.set(name, label);
  }

  /** Replaces every label by what `move` makes of it. */
  moveAll(move: (kind: 'vm' | 'resource', label: AssignedLabel) => AssignedLabel): void {
    for (const [vm, label] of this.#vms) this.#vms.set(vm, move('vm', label));
    for (const [name, label] of this.#resources) this.#resources.set(name, move('resource', label));
  }
}
