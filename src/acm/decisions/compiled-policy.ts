import {
  compareCodePoints,
  labelOrder,
  type PolicyDocument,
  type PolicyMode,
  sortedNames,
  unlabeledName,
} from '../policy/index.js';
import { BitRows } from './bit-rows.js';
import { PackedLists } from './lists.js';

/** Row of a label in both matrices; 0 is "no label". */
export type LabelIndex = number;

interface CompiledSet {
  readonly name: string;
  /** Columns of the Chinese Wall types, ascending, each once. */
  readonly types: readonly number[];
}

/**
 * A policy in the form in which decisions are made: a row of bits for each label. Rows are numbered as in the binary form, so
 * that indices and error tuples mean the same as in the original.
 */
export class CompiledPolicy {
  readonly document: PolicyDocument;
  readonly mode: PolicyMode;
  readonly steTypes: readonly string[];
  readonly chwallTypes: readonly string[];
  /** Names by row; row 0 is `__UNLABELED__` or empty. */
  readonly vmNames: readonly string[];
  /** Names of resource labels; the first has row `vmNames.length`. */
  readonly resourceNames: readonly string[];
  readonly conflictSets: readonly CompiledSet[];
  readonly definesUnlabeled: boolean;
  /** Row of the bootstrap label. */
  readonly bootstrap: LabelIndex;

  /** Type enforcement: VM labels, then resource labels. */
  readonly ste: BitRows;
  /** Chinese Wall types as the policy gives them: VM labels only. */
  readonly chwall: BitRows;
  /** Types that count when a guest starts: in mode strict with the type-enforcement types that some conflict set names. */
  readonly exclusion: BitRows;
  /** For each row of {@link exclusion} its columns that are in a conflict set. */
  readonly guestTypes: PackedLists;
  /** The same for Domain-0, which is bound by its Chinese Wall types alone. */
  readonly systemTypes: PackedLists;
  /** For each column the members of conflict sets that are this type. */
  readonly membersOf: PackedLists;
  /** For each member of a conflict set the set it belongs to. */
  readonly setOf: Uint32Array;

  readonly #vms: ReadonlyMap<string, LabelIndex>;
  readonly #resources: ReadonlyMap<string, LabelIndex>;
  // Filled as decisions are explained; the system's row can be long.
  readonly #typeNames: (readonly string[] | undefined)[] = [];

  constructor(document: PolicyDocument, mode: PolicyMode) {
    this.document = document;
    this.mode = mode;
    const order = labelOrder(document);
    this.definesUnlabeled = order.unlabeled !== null;
    this.steTypes = sortedNames(document.steTypes);
    this.chwallTypes = sortedNames(document.chwallTypes);
    this.vmNames = [order.unlabeled === null ? '' : unlabeledName, ...order.vms.map((label) => label.name)];
    this.resourceNames = order.resources.map((label) => label.name);
    this.#vms = new Map(this.vmNames.map((name, at) => [name, at] as const).filter(([name]) => name !== ''));
    const resources = new Map(this.resourceNames.map((name, at) => [name, this.vmNames.length + at]));
    const unlabeledResource = document.resourceLabels.some((label) => label.name === unlabeledName);
    if (unlabeledResource) resources.set(unlabeledName, 0);
    this.#resources = resources;
    this.bootstrap = this.#vms.get(document.bootstrap) ?? 0;

    const steColumns = new Map(this.steTypes.map((type, at) => [type, at]));
    const wallColumns = new Map(this.chwallTypes.map((type, at) => [type, at]));
    this.conflictSets = document.conflictSets
      .toSorted((a, b) => compareCodePoints(a.name, b.name))
      .map((set) => ({ name: set.name, types: columnsOf(set.types, wallColumns) }));
    const members: number[][] = this.chwallTypes.map(() => []);
    const setOf: number[] = [];
    for (const [index, set] of this.conflictSets.entries()) {
      for (const column of set.types) {
        members[column]?.push(setOf.length);
        setOf.push(index);
      }
    }
    this.membersOf = new PackedLists(members);
    this.setOf = Uint32Array.from(setOf);

    this.ste = new BitRows(this.vmNames.length + this.resourceNames.length, this.steTypes.length);
    this.chwall = new BitRows(this.vmNames.length, this.chwallTypes.length);
    this.exclusion = new BitRows(this.vmNames.length, this.chwallTypes.length);
    const conflicting = (column: number): boolean => (members[column]?.length ?? 0) > 0;
    const vms = order.unlabeled === null ? [null, ...order.vms] : [order.unlabeled, ...order.vms];
    for (const [row, label] of vms.entries()) {
      if (label === null) continue;
      for (const column of columnsOf(label.ste, steColumns)) this.ste.set(row, column);
      for (const column of columnsOf(label.chwall, wallColumns)) {
        this.chwall.set(row, column);
        this.exclusion.set(row, column);
      }
      if (mode === 'xen') continue;
      for (const column of columnsOf(label.ste, wallColumns)) {
        if (conflicting(column)) this.exclusion.set(row, column);
      }
    }
    for (const [at, label] of order.resources.entries()) {
      const column = steColumns.get(label.type);
      if (column !== undefined) this.ste.set(this.vmNames.length + at, column);
    }
    const rows = this.vmNames.map((_, row) => row);
    this.guestTypes = new PackedLists(rows.map((row) => this.exclusion.columnsOf(row).filter(conflicting)));
    this.systemTypes = new PackedLists(rows.map((row) => this.chwall.columnsOf(row).filter(conflicting)));
  }

  /** Row of a VM label; undefined if the policy does not define it. */
  vmRow(name: string): LabelIndex | undefined {
    return this.#vms.get(name);
  }

  /** Row of a resource label; undefined if the policy does not define it. */
  resourceRow(name: string): LabelIndex | undefined {
    return this.#resources.get(name);
  }

  /** Names of the type-enforcement types of a row. */
  typesOf(row: LabelIndex): readonly string[] {
    return (this.#typeNames[row] ??= Object.freeze(this.#names(this.ste.columnsOf(row))));
  }

  #names(columns: readonly number[]): string[] {
    return columns.map((column) => this.steTypes[column] as string);
  }

  /** Names of the types that exclude others when a guest with this label runs. */
  exclusionOf(row: LabelIndex): readonly string[] {
    return this.exclusion.columnsOf(row).map((column) => this.chwallTypes[column] as string);
  }

  /** Types that two rows have in common. */
  commonTypes(a: LabelIndex, b: LabelIndex): readonly string[] {
    return this.#names(this.ste.common(a, b));
  }

  /** Types of `inner` that `outer` lacks. */
  missingTypes(outer: LabelIndex, inner: LabelIndex): readonly string[] {
    return this.#names(this.ste.columnsOf(inner).filter((column) => !this.ste.has(outer, column)));
  }

  /** Name of the first conflict set of which a guest with this label would hold two types; null if there is none. */
  selfConflict(row: LabelIndex): string | null {
    const seen = new Set<number>();
    for (const column of this.guestTypes.of(row)) {
      for (const member of this.membersOf.of(column)) {
        const set = this.setOf[member] as number;
        if (seen.has(set)) return this.conflictSets[set]?.name ?? '';
        seen.add(set);
      }
    }
    return null;
  }

  /** The 32-bit label index of a VM row as the original hypervisor numbers it. */
  ssidref(row: LabelIndex): number {
    return this.chwallTypes.length > 0 ? ((row << 16) | row) >>> 0 : row;
  }

  /** Bytes of the bit rows and lists. */
  get size(): number {
    const parts = [this.ste, this.chwall, this.exclusion, this.guestTypes, this.systemTypes, this.membersOf];
    return parts.reduce((total, part) => total + part.size, this.setOf.byteLength);
  }
}

function columnsOf(types: readonly string[], columns: ReadonlyMap<string, number>): number[] {
  const found = new Set<number>();
  for (const type of types) {
    const column = columns.get(type);
    if (column !== undefined) found.add(column);
  }
  return [...found].sort((a, b) => a - b);
}

/** Compiles a valid policy. What a label says about undeclared types is left out. */
export function compilePolicy(document: PolicyDocument, mode: PolicyMode = 'strict'): CompiledPolicy {
  return new CompiledPolicy(document, mode);
}

/** Name of a VM row's label; empty for a row without one. */
export function labelName(policy: CompiledPolicy, row: LabelIndex): string {
  return policy.vmNames[row] ?? '';
}
