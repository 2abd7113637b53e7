import type { LabelView } from '../labels/index.js';
import { domainZero, type PolicyMode } from '../policy/index.js';
import type { CompiledPolicy, LabelIndex } from './compiled-policy.js';
import { ConflictCounts } from './conflict-counts.js';

/** A virtual network interface of a running VM: on a VLAN, or (mode xen) with a label of its own, or unlabelled. */
export interface Port {
  readonly id: string;
  readonly vlan?: number;
  readonly label?: string;
}

/** A VM that is in the running set. */
export interface Domain {
  readonly vm: string;
  /** Number that error tuples use; Domain-0 has 0. */
  readonly number: number;
  row: LabelIndex;
  state: 'starting' | 'running' | 'paused';
  /** False for a VM that was found running with a label that the policy does not know. */
  sound: boolean;
  readonly resources: Set<string>;
  readonly ports: Map<string, Port>;
  /** VMs with which a channel was opened. */
  readonly channels: Set<string>;
}

export interface HostStateOptions {
  readonly labels: LabelView;
  /** Human name of a VM for sentences. */
  readonly nameOf?: (vm: string) => string | undefined;
  /** Whether a VM was accepted as one that may hold several types; undefined: marks are not kept. */
  readonly isTrusted?: (vm: string) => boolean | undefined;
}

/**
 * What a host enforces and what runs on it: the facts every decision is made from. Judging never changes it; the methods here
 * change it and judge nothing.
 */
export class HostState {
  readonly labels: LabelView;
  readonly domains = new Map<string, Domain>();
  readonly #nameOf: (vm: string) => string | undefined;
  readonly isTrusted: (vm: string) => boolean | undefined;
  #policy: CompiledPolicy;
  #systemRow: LabelIndex;
  #counts: ConflictCounts;
  #nextNumber = 1;
  /** Types whose VMs may not start because what runs already violates the policy. */
  blockedTypes: ReadonlySet<string> = new Set();

  constructor(policy: CompiledPolicy, options: HostStateOptions) {
    this.labels = options.labels;
    this.#nameOf = options.nameOf ?? (() => undefined);
    this.isTrusted = options.isTrusted ?? (() => undefined);
    this.#policy = policy;
    this.#systemRow = policy.bootstrap;
    this.#counts = new ConflictCounts(policy);
    this.#counts.add(this.#systemRow, true);
  }

  get policy(): CompiledPolicy {
    return this.#policy;
  }

  get mode(): PolicyMode {
    return this.#policy.mode;
  }

  get strict(): boolean {
    return this.#policy.mode === 'strict';
  }

  /** Row of Domain-0's label. */
  get systemRow(): LabelIndex {
    return this.#systemRow;
  }

  get systemLabel(): string {
    return this.#policy.vmNames[this.#systemRow] ?? '';
  }

  get counts(): ConflictCounts {
    return this.#counts;
  }

  nameOf(vm: string): string {
    return this.#nameOf(vm) ?? vm;
  }

  /** Row of a running VM's label, Domain-0 included; undefined if it does not run. */
  runningRow(vm: string): LabelIndex | undefined {
    return vm === domainZero ? this.#systemRow : this.domains.get(vm)?.row;
  }

  /** VMs that use a resource: running ones, in mode strict paused ones too. */
  usersOf(resource: string): string[] {
    const users: string[] = [];
    for (const domain of this.domains.values()) {
      if (domain.state === 'paused' && !this.strict) continue;
      const onVlan = [...domain.ports.values()].some(
        (port) => port.vlan !== undefined && resource === `vlan:${port.vlan}`,
      );
      if (onVlan || domain.resources.has(resource)) users.push(domain.vm);
    }
    return users;
  }

  /** Adds a VM to the running set; counts rise. */
  place(
    vm: string,
    row: LabelIndex,
    state: Domain['state'],
    devices: { readonly resources?: Iterable<string>; readonly ports?: Iterable<Port> } = {},
  ): Domain {
    const domain: Domain = {
      vm,
      number: this.#nextNumber++,
      row,
      state,
      sound: true,
      resources: new Set(devices.resources),
      ports: new Map([...(devices.ports ?? [])].map((port) => [port.id, port])),
      channels: new Set(),
    };
    this.domains.set(vm, domain);
    this.#counts.add(row);
    return domain;
  }

  /** Takes a VM out of the running set; counts fall. */
  remove(vm: string): boolean {
    const domain = this.domains.get(vm);
    if (domain === undefined) return false;
    this.domains.delete(vm);
    this.#counts.remove(domain.row);
    for (const peer of domain.channels) this.domains.get(peer)?.channels.delete(vm);
    return true;
  }

  /** Remembers that two VMs opened a channel. */
  connect(a: string, b: string): void {
    if (a === b) return;
    this.domains.get(a)?.channels.add(b);
    this.domains.get(b)?.channels.add(a);
  }

  /** Gives a running VM another label. */
  relabel(vm: string, row: LabelIndex): void {
    const domain = this.domains.get(vm);
    if (domain === undefined) return;
    this.#counts.remove(domain.row);
    domain.row = row;
    domain.sound = true;
    this.#counts.add(row);
  }

  setSystemRow(row: LabelIndex): void {
    this.#counts.remove(this.#systemRow, true);
    this.#systemRow = row;
    this.#counts.add(row, true);
  }

  /**
   * Enforces another policy: `rowOf` gives each running VM's new row, `systemRow` Domain-0's. Answers what takes it back, for
   * a change that could not be stored; VMs that left meanwhile stay away.
   */
  adopt(policy: CompiledPolicy, systemRow: LabelIndex, rowOf: (domain: Domain) => LabelIndex): () => void {
    const before = { policy: this.#policy, systemRow: this.#systemRow };
    const rows = new Map<Domain, LabelIndex>();
    for (const domain of this.domains.values()) {
      rows.set(domain, domain.row);
      domain.row = rowOf(domain);
    }
    this.#enforce(policy, systemRow);
    return () => {
      for (const domain of this.domains.values()) domain.row = rows.get(domain) ?? 0;
      this.#enforce(before.policy, before.systemRow);
    };
  }

  #enforce(policy: CompiledPolicy, systemRow: LabelIndex): void {
    this.#policy = policy;
    this.#systemRow = systemRow;
    this.#counts = new ConflictCounts(policy);
    this.#counts.add(systemRow, true);
    for (const { row } of this.domains.values()) this.#counts.add(row);
  }
}
