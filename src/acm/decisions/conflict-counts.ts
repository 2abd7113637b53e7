import type { CompiledPolicy, LabelIndex } from './compiled-policy.js';

/** Which conflict set stands against a label, and which of the label's types. */
export interface ConflictHit {
  readonly set: number;
  readonly type: number;
}

/**
 * Running counts of the Chinese Wall. The original keeps for each type the number of (running VM, conflict set) pairs that
 * exclude it; here the same is kept as two counts, VMs that meet a set and VMs that hold a member of it, so that admitting
 * costs as much as the label has types, whatever the size of the sets: a type is excluded exactly if some VM meets one of its
 * sets without holding it.
 */
export class ConflictCounts {
  readonly policy: CompiledPolicy;
  readonly #inSet: Int32Array;
  readonly #holders: Int32Array;

  constructor(policy: CompiledPolicy) {
    this.policy = policy;
    this.#inSet = new Int32Array(policy.conflictSets.length);
    this.#holders = new Int32Array(policy.setOf.length);
  }

  /** Whether a label may join what runs. */
  admits(row: LabelIndex, system = false): boolean {
    const { guestTypes, systemTypes, membersOf, setOf } = this.policy;
    const types = system ? systemTypes : guestTypes;
    for (let i = types.starts[row] as number, end = types.starts[row + 1] as number; i < end; i++) {
      const type = types.items[i] as number;
      for (let j = membersOf.starts[type] as number, last = membersOf.starts[type + 1] as number; j < last; j++) {
        const member = membersOf.items[j] as number;
        if (this.#inSet[setOf[member] as number] !== this.#holders[member]) return false;
      }
    }
    return true;
  }

  /** What stands against a label: lowest type first, then lowest set; null if nothing does. */
  conflict(row: LabelIndex, system = false): ConflictHit | null {
    const { guestTypes, systemTypes, membersOf, setOf } = this.policy;
    for (const type of (system ? systemTypes : guestTypes).of(row)) {
      for (const member of membersOf.of(type)) {
        const set = setOf[member] as number;
        if (this.#inSet[set] !== this.#holders[member]) return { set, type };
      }
    }
    return null;
  }

  add(row: LabelIndex, system = false): void {
    this.#count(row, system, 1);
  }

  remove(row: LabelIndex, system = false): void {
    this.#count(row, system, -1);
  }

  #count(row: LabelIndex, system: boolean, step: 1 | -1): void {
    const { guestTypes, systemTypes, membersOf, setOf } = this.policy;
    const types = system ? systemTypes : guestTypes;
    const start = types.starts[row] as number;
    for (let i = start, end = types.starts[row + 1] as number; i < end; i++) {
      const type = types.items[i] as number;
      for (let j = membersOf.starts[type] as number, last = membersOf.starts[type + 1] as number; j < last; j++) {
        const member = membersOf.items[j] as number;
        const set = setOf[member] as number;
        this.#holders[member] = (this.#holders[member] as number) + step;
        // A label with two types of one set meets it once: at the first of them.
        if (i === start || !this.#meetsBefore(types.items, start, i, set)) {
          this.#inSet[set] = (this.#inSet[set] as number) + step;
        }
      }
    }
  }

  #meetsBefore(types: Uint32Array, start: number, end: number, set: number): boolean {
    const { membersOf, setOf } = this.policy;
    for (let i = start; i < end; i++) {
      const type = types[i] as number;
      for (let j = membersOf.starts[type] as number, last = membersOf.starts[type + 1] as number; j < last; j++) {
        if (setOf[membersOf.items[j] as number] === set) return true;
      }
    }
    return false;
  }

  /** Whether a running VM excludes this type (column). */
  excludes(type: number): boolean {
    for (const member of this.policy.membersOf.of(type)) {
      if (this.#inSet[this.policy.setOf[member] as number] !== this.#holders[member]) return true;
    }
    return false;
  }

  /** Names of all excluded types: the running conflict set, sorted. */
  excludedTypes(): readonly string[] {
    return this.policy.chwallTypes.filter((_, column) => this.excludes(column));
  }

  /** The original's count for a type: pairs of a running VM and a conflict set that exclude it. */
  aggregate(type: number): number {
    let count = 0;
    for (const member of this.policy.membersOf.of(type)) {
      count += (this.#inSet[this.policy.setOf[member] as number] as number) - (this.#holders[member] as number);
    }
    return count;
  }

  /** Whether nothing is counted. */
  get isEmpty(): boolean {
    return this.#inSet.every((count) => count === 0) && this.#holders.every((count) => count === 0);
  }
}
