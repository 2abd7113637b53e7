import type { PolicyDocument } from '../../acm/index.js';
import { type JournalFact, prefixEnd } from '../../store/index.js';
import { VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import type { VirtualMachine, Vlan, Volume } from '../inventory/index.js';
import { vlanResource } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import type { TrustedVirtualDomain, VirtualDatacenter } from './types.js';

const datacenterPrefix = 'datacenter/';
const domainPrefix = 'domain/';
const nameForm = /^\w[\w .-]{0,63}$/;

/** Types by label name. */
interface LabelTypes {
  readonly vm: ReadonlyMap<string, readonly string[]>;
  readonly resource: ReadonlyMap<string, readonly string[]>;
}

/** Elements whose label has a type of the domain. */
export interface DomainMembers {
  readonly vms: readonly VirtualMachine[];
  readonly volumes: readonly Volume[];
  readonly vlans: readonly Vlan[];
}

/** The host's virtual datacenter and its Trusted Virtual Domains. */
export class Domains {
  readonly #parts: HostParts;
  /** By name. */
  readonly #datacenters: Map<string, VirtualDatacenter>;
  /** By UUID. */
  readonly #domains: Map<string, TrustedVirtualDomain>;
  readonly #types = new WeakMap<PolicyDocument, LabelTypes>();

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#datacenters = this.#read(datacenterPrefix);
    this.#domains = this.#read(domainPrefix);
  }

  #read<T>(prefix: string): Map<string, T> {
    const entries = this.#parts.store.range('vmm', prefix, prefixEnd(prefix), Number.MAX_SAFE_INTEGER);
    return new Map(entries.map(({ key, value }) => [key.slice(prefix.length), JSON.parse(value as string) as T]));
  }

  datacenters(): readonly VirtualDatacenter[] {
    return [...this.#datacenters.values()];
  }

  domains(): readonly TrustedVirtualDomain[] {
    return [...this.#domains.values()];
  }

  domain(uuid: string): TrustedVirtualDomain | undefined {
    return this.#domains.get(uuid);
  }

  async #change<T extends object>(
    actor: Actor,
    where: { readonly prefix: string; readonly key: string; readonly rows: Map<string, T> },
    value: T | null,
    facts: NonNullable<JournalFact['facts']>,
  ): Promise<void> {
    const { prefix, key, rows } = where;
    await this.#parts.store.transaction((tx) => {
      if (value === null) tx.delete('vmm', prefix + key);
      else tx.put('vmm', prefix + key, JSON.stringify(value));
      this.#parts.journal.append(tx, { kind: 'domain', actor: actor.user, subject: key, facts });
      tx.afterCommit(() => {
        if (value === null) rows.delete(key);
        else rows.set(key, value);
      });
    });
  }

  #changeDatacenter(actor: Actor, datacenter: VirtualDatacenter, facts: NonNullable<JournalFact['facts']>) {
    const where = { prefix: datacenterPrefix, key: datacenter.name, rows: this.#datacenters };
    return this.#change(actor, where, datacenter, facts);
  }

  /** One change of datacenters and domains at a time: what is checked is still so when it is written. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#parts.locks.run('domains', work);
  }

  #requireDatacenter(name: string): VirtualDatacenter {
    const datacenter = this.#datacenters.get(name);
    if (datacenter === undefined) throw new VmmError('not_found', [name]);
    return datacenter;
  }

  /** Makes a virtual datacenter. @throws VmmError `invalid`, `name_in_use` */
  createDatacenter(actor: Actor, name: string): Promise<VirtualDatacenter> {
    return this.#alone(async () => {
      if (!nameForm.test(name)) throw new VmmError('invalid', [`"${name}" is not a name for a virtual datacenter`]);
      if (this.#datacenters.has(name)) throw new VmmError('name_in_use', [name]);
      const datacenter: VirtualDatacenter = { name, policyName: null, hosts: [] };
      await this.#changeDatacenter(actor, datacenter, { change: 'create datacenter' });
      return datacenter;
    });
  }

  /** Puts this host into the group; it belongs to one at most. @throws VmmError `not_found`, `in_use` */
  join(actor: Actor, name: string): Promise<void> {
    return this.#alone(async () => {
      const host = this.#parts.identity.uuid;
      const datacenter = this.#requireDatacenter(name);
      const other = this.datacenters().find((item) => item.name !== name && item.hosts.includes(host));
      if (other !== undefined) throw new VmmError('in_use', [this.#parts.identity.name, other.name]);
      if (datacenter.hosts.includes(host)) return;
      const joined = { ...datacenter, hosts: [...datacenter.hosts, host] };
      await this.#changeDatacenter(actor, joined, { change: 'join', host });
    });
  }

  /** @throws VmmError `not_found` */
  leave(actor: Actor, name: string): Promise<void> {
    return this.#alone(async () => {
      const datacenter = this.#requireDatacenter(name);
      const host = this.#parts.identity.uuid;
      if (!datacenter.hosts.includes(host)) return;
      const left = { ...datacenter, hosts: datacenter.hosts.filter((item) => item !== host) };
      await this.#changeDatacenter(actor, left, { change: 'leave', host });
    });
  }

  /** The datacenter that this host belongs to. */
  ofThisHost(): VirtualDatacenter | undefined {
    return this.datacenters().find((item) => item.hosts.includes(this.#parts.identity.uuid));
  }

  /** @throws VmmError `invalid`, `not_found`, `name_in_use` */
  createDomain(
    actor: Actor,
    name: string,
    datacenter: string,
    types: readonly string[],
  ): Promise<TrustedVirtualDomain> {
    return this.#alone(async () => {
      if (!nameForm.test(name)) throw new VmmError('invalid', [`"${name}" is not a name for a domain`]);
      if (types.length === 0 || types.includes(''))
        throw new VmmError('invalid', ['a Trusted Virtual Domain needs at least one type']);
      this.#requireDatacenter(datacenter);
      if (this.domains().some((item) => item.name === name)) throw new VmmError('name_in_use', [name]);
      const domain = { uuid: this.#parts.randomness.uuid(), name, datacenter, types: [...new Set(types)] };
      const where = { prefix: domainPrefix, key: domain.uuid, rows: this.#domains };
      await this.#change<TrustedVirtualDomain>(actor, where, domain, { change: 'create domain', types });
      return domain;
    });
  }

  /** Removes the grouping; its members stay as they are. @throws VmmError `not_found` */
  deleteDomain(actor: Actor, uuid: string): Promise<void> {
    return this.#alone(async () => {
      if (!this.#domains.has(uuid)) throw new VmmError('not_found', [uuid]);
      const where = { prefix: domainPrefix, key: uuid, rows: this.#domains };
      await this.#change(actor, where, null, { change: 'delete domain' });
    });
  }

  #labelTypes(): LabelTypes {
    const { document } = this.#parts.monitor.policy;
    let types = this.#types.get(document);
    if (types === undefined) {
      types = {
        vm: new Map(document.vmLabels.map((label) => [label.name, label.ste])),
        resource: new Map(document.resourceLabels.map((label) => [label.name, [label.type]])),
      };
      this.#types.set(document, types);
    }
    return types;
  }

  /** Types of the label that a VM carries under the enforced policy; none if it has none or its label has gone. */
  typesOfVm(uuid: string): readonly string[] {
    const label = this.#parts.monitor.labels.vm(uuid);
    return label?.state === 'valid' ? (this.#labelTypes().vm.get(label.label) ?? []) : [];
  }

  typesOfResource(resource: string): readonly string[] {
    const label = this.#parts.monitor.labels.resource(resource);
    return label?.state === 'valid' ? (this.#labelTypes().resource.get(label.label) ?? []) : [];
  }

  members(domain: TrustedVirtualDomain): DomainMembers {
    const types = new Set(domain.types);
    const meets = (own: readonly string[]): boolean => own.some((type) => types.has(type));
    const { inventory } = this.#parts;
    return {
      vms: [...inventory.vms()].filter((vm) => meets(this.typesOfVm(vm.uuid))),
      volumes: [...inventory.volumes()].filter((volume) => meets(this.typesOfResource(volume.resource))),
      vlans: [...inventory.vlans()].filter((vlan) => meets(this.typesOfResource(vlanResource(vlan.id)))),
    };
  }
}
