import { type JournalFact, prefixEnd } from '../../store/index.js';
import { VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import type { VirtualMachine, Vlan, Volume } from '../inventory/index.js';
import { vlanResource } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import type { TrustedVirtualDomain, VirtualDatacenter } from './types.js';

const datacenterPrefix = 'datacenter/';
const domainPrefix = 'domain/';

/** Elements whose label has a type of the domain. */
export interface DomainMembers {
  readonly vms: readonly VirtualMachine[];
  readonly volumes: readonly Volume[];
  readonly vlans: readonly Vlan[];
}

/** The host's virtual datacenter and its Trusted Virtual Domains. */
export class Domains {
  readonly #parts: HostParts;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  #read<T>(prefix: string): readonly T[] {
    const entries = this.#parts.store.range('vmm', prefix, prefixEnd(prefix), Number.MAX_SAFE_INTEGER);
    return entries.map((entry) => JSON.parse(entry.value as string) as T);
  }

  datacenters(): readonly VirtualDatacenter[] {
    return this.#read(datacenterPrefix);
  }

  domains(): readonly TrustedVirtualDomain[] {
    return this.#read(domainPrefix);
  }

  domain(uuid: string): TrustedVirtualDomain | undefined {
    const value = this.#parts.store.get('vmm', domainPrefix + uuid);
    return value === undefined ? undefined : (JSON.parse(value as string) as TrustedVirtualDomain);
  }

  async #write(
    actor: Actor,
    key: string,
    value: object | null,
    facts: JournalFact['facts'] & object,
    subject: string,
  ): Promise<void> {
    await this.#parts.store.transaction((tx) => {
      if (value === null) tx.delete('vmm', key);
      else tx.put('vmm', key, JSON.stringify(value));
      this.#parts.journal.append(tx, { kind: 'domain', actor: actor.user, subject, facts });
    });
  }

  /** Makes a virtual datacenter. @throws VmmError `invalid`, `name_in_use` */
  async createDatacenter(actor: Actor, name: string): Promise<VirtualDatacenter> {
    if (!/^[\w][\w .-]{0,63}$/.test(name))
      throw new VmmError('invalid', [`"${name}" is not a name for a virtual datacenter`]);
    if (this.datacenters().some((item) => item.name === name)) throw new VmmError('name_in_use', [name]);
    const datacenter: VirtualDatacenter = { name, policyName: null, hosts: [] };
    await this.#write(actor, datacenterPrefix + name, datacenter, { change: 'create datacenter' }, name);
    return datacenter;
  }

  /** Puts this host into the group; it belongs to one at most. @throws VmmError `not_found`, `in_use` */
  async join(actor: Actor, name: string): Promise<void> {
    const host = this.#parts.identity.uuid;
    const all = this.datacenters();
    const datacenter = all.find((item) => item.name === name);
    if (datacenter === undefined) throw new VmmError('not_found', [name]);
    const other = all.find((item) => item.name !== name && item.hosts.includes(host));
    if (other !== undefined) throw new VmmError('in_use', [this.#parts.identity.name, other.name]);
    if (datacenter.hosts.includes(host)) return;
    const joined = { ...datacenter, hosts: [...datacenter.hosts, host] };
    await this.#write(actor, datacenterPrefix + name, joined, { change: 'join', host }, name);
  }

  /** @throws VmmError `not_found` */
  async leave(actor: Actor, name: string): Promise<void> {
    const datacenter = this.datacenters().find((item) => item.name === name);
    if (datacenter === undefined) throw new VmmError('not_found', [name]);
    const host = this.#parts.identity.uuid;
    const left = { ...datacenter, hosts: datacenter.hosts.filter((item) => item !== host) };
    await this.#write(actor, datacenterPrefix + name, left, { change: 'leave', host }, name);
  }

  /** The datacenter that this host belongs to. */
  ofThisHost(): VirtualDatacenter | undefined {
    return this.datacenters().find((item) => item.hosts.includes(this.#parts.identity.uuid));
  }

  /** @throws VmmError `invalid`, `not_found`, `name_in_use` */
  async createDomain(
    actor: Actor,
    name: string,
    datacenter: string,
    types: readonly string[],
  ): Promise<TrustedVirtualDomain> {
    if (!/^[\w][\w .-]{0,63}$/.test(name)) throw new VmmError('invalid', [`"${name}" is not a name for a domain`]);
    if (types.length === 0) throw new VmmError('invalid', ['a Trusted Virtual Domain needs at least one type']);
    if (!this.datacenters().some((item) => item.name === datacenter)) throw new VmmError('not_found', [datacenter]);
    if (this.domains().some((item) => item.name === name)) throw new VmmError('name_in_use', [name]);
    const domain: TrustedVirtualDomain = { uuid: this.#parts.randomness.uuid(), name, datacenter, types };
    await this.#write(actor, domainPrefix + domain.uuid, domain, { change: 'create domain', types }, domain.uuid);
    return domain;
  }

  /** Removes the grouping; its members stay as they are. @throws VmmError `not_found` */
  async deleteDomain(actor: Actor, uuid: string): Promise<void> {
    const domain = this.domain(uuid);
    if (domain === undefined) throw new VmmError('not_found', [uuid]);
    await this.#write(actor, domainPrefix + uuid, null, { change: 'delete domain' }, uuid);
  }

  /** Types of the label that a VM carries under the enforced policy; none if it has none or its label has gone. */
  typesOfVm(uuid: string): readonly string[] {
    const label = this.#parts.monitor.labels.vm(uuid);
    if (label === undefined || label.state !== 'valid') return [];
    return this.#parts.monitor.policy.document.vmLabels.find((item) => item.name === label.label)?.ste ?? [];
  }

  typesOfResource(resource: string): readonly string[] {
    const label = this.#parts.monitor.labels.resource(resource);
    if (label === undefined || label.state !== 'valid') return [];
    const found = this.#parts.monitor.policy.document.resourceLabels.find((item) => item.name === label.label);
    return found === undefined ? [] : [found.type];
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
