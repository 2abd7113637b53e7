import type { HostParts } from '../../../src/vmm/index.js';

export class Killed extends Error {}

/** The process ends, before or after a step took effect; or one step fails. */
export type Mode = 'kill' | 'kill after' | 'fail before' | 'fail after';

/** Counts what a transition does outside of this process's memory, and stops at the `limit`-th of it. */
export class Gate {
  #left: number;
  readonly #mode: Mode;
  steps = 0;
  isDead = false;

  constructor(limit: number, mode: Mode) {
    this.#left = limit;
    this.#mode = mode;
  }

  async step<T>(work: () => Promise<T>): Promise<T> {
    this.steps++;
    if (this.isDead) throw new Killed();
    this.#left--;
    if (this.#left !== 0) return work();
    if (this.#mode === 'kill') this.isDead = true;
    if (this.#mode === 'fail after') await work();
    if (this.#mode === 'kill after') await work().finally(() => (this.isDead = true));
    throw new Killed();
  }
}

/** The same object with every method a step. */
function gated<T extends object>(target: T, gate: Gate, names: readonly (keyof T)[]): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      const call = value.bind(object) as (...args: unknown[]) => unknown;
      if (!names.includes(name as keyof T)) return call;
      return (...args: unknown[]) => gate.step(() => call(...args) as Promise<unknown>);
    },
  });
}

/** The parts of a host of which everything that is done outside of memory is a step. */
export function gatedParts(parts: HostParts, gate: Gate): HostParts {
  const { hypervisor, network, vtpms, storage, store, inventory } = parts;
  return {
    ...parts,
    hypervisor: gated(hypervisor, gate, [
      'start',
      'stop',
      'shutDown',
      'pause',
      'unpause',
      'save',
      'restore',
      'discardSaved',
      'attachDisk',
      'detachDisk',
      'prepareIncoming',
      'sendOut',
      'receive',
    ]),
    network: gated(network, gate, ['ensureBridge', 'connect', 'disconnect']),
    vtpms: gated(vtpms, gate, [
      'create',
      'clone',
      'destroy',
      'powerOn',
      'powerOff',
      'suspend',
      'resume',
      'prepareImport',
      'export',
      'import',
      'recover',
    ]),
    storage: gated(storage, gate, ['create', 'copy', 'remove', 'erase']),
    store: gated(store, gate, ['transaction']),
    inventory: gated(inventory, gate, ['change']),
  };
}
