import { type CimInstance, type CimInstancePath, stringKey } from '../../cim/index.js';
import { hostLabels } from './labels.js';
import type { ManagedHost, ManagedVm, NamedElement } from './managed-host.js';
import { pickNamed } from './names.js';
import { pathOf, textsOf } from './texts.js';

const service = 'TVDC_TrustedVirtualDomainService';
const requests = { start: 2, stop: 3 } as const;

/** A Trusted Virtual Domain. */
export interface HostDomain {
  readonly name: string;
  /** UUID. */
  readonly id: string;
  readonly types: readonly string[];
  readonly path: CimInstancePath;
}

/** Types that may not run together, as far as they concern a domain. */
export interface DomainConflict {
  readonly set: string;
  /** Types of the set that the domain has. */
  readonly own: readonly string[];
  /** Types of the set that keep the domain's machines from running, while machines with them run. */
  readonly others: readonly string[];
  /** Machines that run now with one of those. */
  readonly running: readonly string[];
}

/** A domain with all that belongs to it. */
export interface DomainView extends HostDomain {
  readonly datacenter: string | null;
  readonly vms: readonly ManagedVm[];
  readonly volumes: readonly NamedElement[];
  readonly vlans: readonly NamedElement[];
  readonly conflicts: readonly DomainConflict[];
}

function toDomain(instance: CimInstance): HostDomain {
  const path = pathOf(instance.path, 'path of a domain');
  return {
    name: instance.getString('ElementName') ?? '',
    id: (stringKey(path, 'InstanceID') ?? '').replace(/^TVDC:tvd:/, ''),
    types: textsOf(instance.get('Types')),
    path,
  };
}

/** The domains of a host that the caller may see, by name. */
export async function hostDomains({ client, namespace }: ManagedHost): Promise<readonly HostDomain[]> {
  const found = await client.instances('TVDC_TrustedVirtualDomain', { namespace }).toArray();
  return found.map(toDomain).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A domain by name, UUID or InstanceID. @throws TvdcError `not_found`, `ambiguous` */
export async function hostDomain(host: ManagedHost, name: string): Promise<HostDomain> {
  return pickNamed(await hostDomains(host), name.replace(/^TVDC:tvd:/, ''), 'domain');
}

async function conflictsOf(
  host: ManagedHost,
  domain: HostDomain,
  vms: readonly ManagedVm[],
): Promise<readonly DomainConflict[]> {
  const policy = (await host.policies()).find((item) => item.getNumber('State') === 4);
  if (policy === undefined || policy.path === null) return [];
  const { client, namespace } = host;
  const sets = await client.associators(policy.path, { namespace, resultClass: 'TVDC_ConflictSet' }).toArray();
  const labels = sets.length === 0 ? [] : await hostLabels(host);
  const typesOf = (vm: ManagedVm): readonly string[] =>
    labels.find(({ kind, fullName }) => kind === 'vm' && fullName === vm.label)?.types ?? [];
  return sets.flatMap((item): readonly DomainConflict[] => {
    const types = textsOf(item.get('Types'));
    const own = types.filter((type) => domain.types.includes(type));
    if (own.length === 0) return [];
    const others = types.filter((type) => own.length > 1 || !own.includes(type));
    const running = vms.filter(
      (vm) => (vm.state === 'running' || vm.state === 'paused') && typesOf(vm).some((type) => others.includes(type)),
    );
    return [{ set: item.getString('ElementName') ?? '', own, others, running: running.map(({ name }) => name) }];
  });
}

/** Members of a domain, and what its machines may not run beside. @throws CimError 2, 6 */
export async function viewDomain(host: ManagedHost, domain: HostDomain): Promise<DomainView> {
  const { client, namespace } = host;
  const members = new Set<string>();
  const assocClass = 'TVDC_DomainMember';
  for await (const path of client.associatorPaths(domain.path, { namespace, assocClass })) {
    const key = stringKey(path, 'DeviceID') ?? stringKey(path, 'InstanceID') ?? stringKey(path, 'Name') ?? '';
    members.add(key);
  }
  const datacenter = await client
    .associatorPaths(domain.path, {
      namespace,
      assocClass: 'TVDC_HostedCollection',
      resultClass: 'TVDC_VirtualDatacenter',
    })
    .first();
  const isMember = ({ id }: NamedElement): boolean => members.has(id);
  const vms = await host.vms();
  return {
    ...domain,
    datacenter: datacenter === undefined ? null : (stringKey(datacenter, 'Name') ?? null),
    vms: vms.filter(isMember),
    volumes: (await host.volumes()).filter(isMember),
    vlans: (await host.vlans()).filter(isMember),
    conflicts: await conflictsOf(host, domain, vms),
  };
}

/** Removes a domain; its members keep their labels. @throws MethodRefusedError @throws CimError 2, 6 */
export async function deleteDomain(host: ManagedHost, domain: HostDomain): Promise<void> {
  await host.call(service, 'DeleteDomain', { Domain: domain.path });
}

/** What came of one machine of a domain. */
export interface MemberOutcome {
  readonly vm: string;
  readonly id: string;
  readonly state: string;
  /** It is in the state that was asked for. */
  readonly done: boolean;
  /** Why not; empty where it is. */
  readonly sentence: string;
}

/**
 * Starts or stops every machine of a domain; one that fails does not stop the others.
 * @throws MethodRefusedError @throws CimError 2, 6
 */
export async function changeDomainState(
  host: ManagedHost,
  domain: HostDomain,
  wanted: keyof typeof requests,
): Promise<readonly MemberOutcome[]> {
  const out = await host.call(service, 'ChangeMembersState', {
    RequestedState: requests[wanted],
    Domain: domain.path,
  });
  const told = textsOf(out['Results']);
  const goal = wanted === 'start' ? 'running' : 'off';
  return (await viewDomain(host, domain)).vms.map(({ name, id, state }) => {
    const sentence = told.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
    const done = state === goal;
    return { vm: name, id, state, done, sentence: done || sentence === state ? '' : sentence };
  });
}

/**
 * The one label of the enforced policy that makes an element a member of a domain and of no other workload: all its types are the
 * domain's, and every type of the domain is in it.
 * @throws TvdcError `not_found`, `ambiguous`
 */
export async function memberLabel(host: ManagedHost, domain: HostDomain, kind: 'vm' | 'resource'): Promise<string> {
  const fitting = (await hostLabels(host)).filter(
    (label) =>
      label.kind === kind && label.types.length > 0 && label.types.every((type) => domain.types.includes(type)),
  );
  const whole = fitting.filter(({ types }) => types.length === domain.types.length);
  const candidates = whole.length === 1 ? whole : fitting;
  return pickNamed(
    candidates.map(({ fullName }) => ({ name: domain.name, id: fullName })),
    domain.name,
    `${kind === 'vm' ? 'VM' : 'resource'} label for domain`,
    () => 'label',
  ).id;
}
