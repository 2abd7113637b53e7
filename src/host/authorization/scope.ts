import { type CimInstance, type CimInstancePath, parseObjectPath } from '../../cim/index.js';
import type { Caller, Grant, ScopePort } from '../../cimom/index.js';
import type { Veil } from '../../providers/index.js';
import { type Domains, type HostParts, type JobElement, type Jobs, vlanResource } from '../../vmm/index.js';
import { createElementFinder, type HostElements, type ScopedElement } from './elements.js';
import { typesOfGrants } from './rules.js';

/** What stands in sentences for the name of an element that the reader may not know. */
const anotherWorkload = 'another workload';

/** Words that may name an element: resources, VM names, UUIDs. */
const nameForm = /file:[^\s,;"]+|vlan:\d+|[\w-]+(?:\.+[\w-]+)*/g;

const noDomains: readonly string[] = [];

/** A name that {@link nameForm} finds whole. */
const plainName = /^[\w-]+(?:\.+[\w-]+)*$/;

/** What grants cover on this host. */
interface Coverage {
  readonly grants: readonly Grant[];
  readonly everything: boolean;
  readonly types: ReadonlySet<string>;
  /** A grant for all domains of this host's datacenter covers its virtual machines before they have a label. */
  readonly unlabelledVms: boolean;
}

/** Scopes for the authorizer, and the veil that the same scopes draw over sentences. */
export interface Scope extends ScopePort {
  /** The grants of a caller are looked up by `grantsOf`; null: the host itself. */
  veil(grantsOf: (user: string) => readonly Grant[]): Veil;
}

/** Classes whose instances belong to the user who made them. */
const ownedClasses = new Set([
  'cim_indicationfilter',
  'cim_listenerdestinationcimxml',
  'cim_indicationhandlercimxml',
  'cim_indicationsubscription',
]);

/**
 * Decides by labels whether something belongs to the domains that grants cover.
 * @param ownerOf who made a filter, destination or subscription; undefined: not known
 */
export function createScope(
  parts: HostParts,
  domains: Domains,
  host: HostElements,
  ownerOf: (path: CimInstancePath) => string | undefined,
  jobs: Pick<Jobs, 'find'>,
): Scope {
  const elementOf = createElementFinder(parts, host);

  const coverageOf = (grants: readonly Grant[]): Coverage => {
    const home = domains.ofThisHost()?.name ?? null;
    // A role in another datacenter says nothing about this host.
    const here = grants.filter((grant) => grant.datacenter === null || grant.datacenter === home);
    // Another host sees what is common to all, whatever its grant names.
    const own = here.map((grant) => (grant.role === 'peer' ? { ...grant, domains: noDomains } : grant));
    return {
      grants: own,
      everything: own.some(
        (grant) => grant.domains === null && (grant.datacenter === null || grant.role === 'datacenter-admin'),
      ),
      types: typesOfGrants(domains, own),
      unlabelledVms: own.some((grant) => grant.domains === null),
    };
  };
  const covers = ({ types }: Coverage, own: readonly string[]): boolean => own.some((type) => types.has(type));

  const vmVisible = (coverage: Coverage, id: string): boolean => {
    const isUnlabelled = parts.inventory.vm(id) !== undefined && parts.monitor.labels.vm(id) === undefined;
    return isUnlabelled ? coverage.unlabelledVms : covers(coverage, domains.typesOfVm(id));
  };
  const volumeVisible = (coverage: Coverage, id: string): boolean => {
    const volume = parts.inventory.volume(id);
    return volume !== undefined && covers(coverage, domains.typesOfResource(volume.resource));
  };
  const vlanVisible = (coverage: Coverage, id: number): boolean =>
    covers(coverage, domains.typesOfResource(vlanResource(id)));
  const domainVisible = ({ grants }: Coverage, id: string): boolean => {
    const domain = domains.domain(id);
    return (
      domain !== undefined &&
      grants.some(
        (grant) =>
          (grant.datacenter === null || grant.datacenter === domain.datacenter) &&
          (grant.domains === null || grant.domains.includes(id)),
      )
    );
  };

  /** An element by what the journal calls it; null: it names none. */
  const namedVisible = (coverage: Coverage, name: string): boolean | null => {
    const { inventory } = parts;
    const vm = inventory.vm(name) ?? inventory.vmByName(name);
    if (vm !== undefined) return vmVisible(coverage, vm.uuid);
    const volume = inventory.volume(name) ?? inventory.volumeByResource(name);
    if (volume !== undefined) return volumeVisible(coverage, volume.uuid);
    const vlan = /^vlan:(\d+)$/.exec(name)?.[1];
    return vlan === undefined ? null : vlanVisible(coverage, Number(vlan));
  };

  /** Records about elements follow the element; what is about the whole host only who caused it may read. */
  const recordVisible = (coverage: Coverage, id: string): boolean => {
    const entry = parts.journal.get(id);
    if (entry === undefined) return false;
    const own = coverage.grants.some((grant) => grant.user === entry.actor);
    return (entry.subject === null ? null : namedVisible(coverage, entry.subject)) ?? own;
  };

  const jobElementVisible = (coverage: Coverage, element: JobElement): boolean => {
    switch (element.kind) {
      case 'vm':
        return vmVisible(coverage, element.id);
      case 'volume':
        return volumeVisible(coverage, element.id);
      case 'domain':
        return domainVisible(coverage, element.id);
      case 'vlan':
        return vlanVisible(coverage, element.id);
      case 'service':
        return true;
    }
  };

  const isGone = ({ kind, id }: JobElement): boolean => {
    if (kind === 'vm') return parts.inventory.vm(id) === undefined;
    if (kind === 'volume') return parts.inventory.volume(id) === undefined;
    if (kind === 'vlan') return parts.inventory.vlan(id) === undefined;
    return kind === 'domain' && domains.domain(id) === undefined;
  };

  /** A job is seen by who started it, and by who sees all that is left of what it acts on. */
  const jobVisible = (coverage: Coverage, id: string): boolean => {
    const job = jobs.find(id);
    if (job === undefined) return false;
    if (coverage.grants.some((grant) => grant.user === job.user)) return true;
    const left = job.affected.filter((element) => !isGone(element));
    return left.length > 0 && left.every((element) => jobElementVisible(coverage, element));
  };

  const elementVisible = (coverage: Coverage, element: ScopedElement): boolean => {
    switch (element.kind) {
      case 'vm':
        return vmVisible(coverage, element.id);
      case 'volume':
        return volumeVisible(coverage, element.id);
      case 'vlan':
        return vlanVisible(coverage, element.id);
      case 'domain':
        return domainVisible(coverage, element.id);
      case 'record':
        return recordVisible(coverage, element.id);
      case 'job':
        return jobVisible(coverage, element.id);
      case 'common':
        return true;
      case 'unknown':
        return false;
    }
  };

  const pathVisible = (coverage: Coverage, path: CimInstancePath): boolean => {
    if (coverage.everything) return true;
    if (coverage.grants.length === 0 && /^tvdc_/i.test(path.className)) return false;
    if (ownedClasses.has(path.className.toLowerCase())) {
      const owner = ownerOf(path);
      return coverage.grants.some((grant) => grant.user === owner);
    }
    if (!elementVisible(coverage, elementOf(path))) return false;
    // An association is seen only with both ends.
    return path.keys.every((key) => typeof key.value !== 'object' || pathVisible(coverage, key.value));
  };

  const visible = (grants: readonly Grant[], path: CimInstancePath | null): boolean =>
    path === null || pathVisible(coverageOf(grants), path);

  /** Names that are no single word, such as those of volumes with blanks. */
  function* phrases(): Iterable<string> {
    for (const { name } of parts.inventory.volumes()) if (!plainName.test(name)) yield name;
    for (const { name } of parts.inventory.vms()) if (!plainName.test(name)) yield name;
  }

  const cover = (coverage: Coverage, text: string): string => {
    if (coverage.everything) return text;
    let covered = text;
    for (const name of phrases()) {
      if (!covered.includes(name) || namedVisible(coverage, name) !== false) continue;
      covered = covered.replaceAll(name, anotherWorkload);
    }
    return covered.replace(nameForm, (word) => (namedVisible(coverage, word) === false ? anotherWorkload : word));
  };

  const isDeliverable = (grants: readonly Grant[], indication: CimInstance): boolean => {
    const source = indication.get('SourceInstance') as CimInstance | null | undefined;
    if (source !== null && source !== undefined) {
      return coverageOf(grants).everything || (source.path !== null && visible(grants, source.path));
    }
    const coverage = coverageOf(grants);
    const message = indication.getString('Message') ?? '';
    if (cover(coverage, message) !== message) return false;
    const element = indication.getString('AlertingManagedElement');
    if (element === null) return true;
    const path = parseObjectPath(element);
    return path.kind === 'class-path' || pathVisible(coverage, path);
  };

  return {
    isVisible: (grants, object) => visible(grants, object.kind === 'instance' ? object.path : object),
    isDeliverable,
    governs(grants, object) {
      const home = domains.ofThisHost()?.name ?? null;
      const own = grants.filter((grant) => grant.datacenter === null || grant.datacenter === home);
      if (own.some((grant) => grant.domains === null)) return true;
      if (own.length === 0 || object === null) return false;
      return !['common', 'record', 'unknown'].includes(elementOf(object).kind);
    },
    veil: (grantsOf) => {
      const everybody = coverageOf([{ user: '', role: 'datacenter-admin', datacenter: null, domains: null }]);
      const of = (caller: Caller): Coverage =>
        caller.method === 'internal' ? everybody : coverageOf(grantsOf(caller.user));
      const hider = (caller: Caller) => {
        const coverage = of(caller);
        // What does not exist is hidden like what belongs to others.
        return (name: string): boolean => !coverage.everything && namedVisible(coverage, name) !== true;
      };
      return {
        hides: (caller, name) => hider(caller)(name),
        hider,
        seesAll: (caller) => of(caller).everything,
        cover(caller, text) {
          const grants = grantsOf(caller.user);
          // What a host is told goes to the administrators of its own.
          const isPeer = grants.length > 0 && grants.every((grant) => grant.role === 'peer');
          return isPeer ? text : cover(of(caller), text);
        },
      };
    },
  };
}
