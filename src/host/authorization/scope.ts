import { type CimInstance, type CimInstancePath, parseObjectPath, stringKey } from '../../cim/index.js';
import type { Grant, ScopePort } from '../../cimom/index.js';
import { type Domains, type HostParts, vlanResource } from '../../vmm/index.js';
import { typesOfGrants } from './rules.js';

/** The elements of workloads; every other class is the datacenter's common knowledge. */
type Scoped =
  | { readonly kind: 'vm' | 'volume'; readonly id: string }
  | { readonly kind: 'vlan'; readonly id: number }
  | null;

function textKey(path: CimInstancePath, name: string): string {
  return stringKey(path, name) ?? '';
}

/** Which element of a workload an instance is, or is a part of. */
function scopedElement(path: CimInstancePath): Scoped {
  switch (path.className.toLowerCase()) {
    case 'tvdc_computersystem':
      return { kind: 'vm', id: textKey(path, 'Name') };
    case 'tvdc_storagevolume':
      return { kind: 'volume', id: textKey(path, 'DeviceID') };
    case 'tvdc_vlan':
      return { kind: 'vlan', id: Number(/:vlan:(\d+)$/.exec(textKey(path, 'InstanceID'))?.[1] ?? -1) };
    case 'tvdc_virtualsystemsettingdata':
    case 'tvdc_storageallocationsettingdata':
    case 'tvdc_ethernetportallocationsettingdata':
    case 'tvdc_memoryallocationsettingdata':
    case 'tvdc_processorallocationsettingdata':
    case 'tvdc_tpmallocationsettingdata':
      return { kind: 'vm', id: /^TVDC:([^/]+)/.exec(textKey(path, 'InstanceID'))?.[1] ?? '' };
    case 'tvdc_logicaldisk':
    case 'tvdc_ethernetport':
    case 'tvdc_vlanendpoint':
    case 'tvdc_virtualtpm':
      return { kind: 'vm', id: textKey(path, 'SystemName') };
    default:
      return null;
  }
}

/** What grants cover on this host. */
interface Coverage {
  /** null: every type. */
  readonly types: ReadonlySet<string> | null;
  /** A grant for all domains of this host's datacenter covers its virtual machines before they have a label. */
  readonly unlabelledVms: boolean;
}

/** Decides by labels whether something belongs to the domains that grants cover. */
export function createScope(parts: HostParts, domains: Domains): ScopePort {
  const coverageOf = (grants: readonly Grant[]): Coverage => {
    const home = domains.ofThisHost()?.name ?? null;
    return {
      types: typesOfGrants(domains, grants),
      unlabelledVms: grants.some(
        (grant) => grant.domains === null && (grant.datacenter === null || grant.datacenter === home),
      ),
    };
  };
  const covers = ({ types }: Coverage, own: readonly string[]): boolean =>
    types === null || own.some((type) => types.has(type));

  const isUnlabelledVm = (id: string): boolean =>
    parts.inventory.vm(id) !== undefined && parts.monitor.labels.vm(id) === undefined;

  const elementVisible = (coverage: Coverage, element: Exclude<Scoped, null>): boolean => {
    switch (element.kind) {
      case 'vm':
        if (coverage.unlabelledVms && isUnlabelledVm(element.id)) return true;
        return covers(coverage, domains.typesOfVm(element.id));
      case 'volume': {
        const volume = parts.inventory.volume(element.id);
        return volume !== undefined && covers(coverage, domains.typesOfResource(volume.resource));
      }
      case 'vlan':
        return covers(coverage, domains.typesOfResource(vlanResource(element.id)));
    }
  };

  const idVisible = (coverage: Coverage, id: string): boolean => {
    if (parts.inventory.vm(id) !== undefined) return elementVisible(coverage, { kind: 'vm', id });
    if (parts.inventory.volume(id) !== undefined) return elementVisible(coverage, { kind: 'volume', id });
    const vlan = /^vlan:(\d+)$/.exec(id)?.[1];
    return vlan === undefined || elementVisible(coverage, { kind: 'vlan', id: Number(vlan) });
  };

  const pathVisible = (coverage: Coverage, path: CimInstancePath): boolean => {
    const element = scopedElement(path);
    if (element !== null) return elementVisible(coverage, element);
    if (path.className.toLowerCase() === 'tvdc_accessdecision') {
      const entry = parts.journal.get(textKey(path, 'InstanceID').replace(/^TVDC:decision:/, ''));
      return entry !== undefined && (entry.subject === null || idVisible(coverage, entry.subject));
    }
    // An association is seen only with both ends.
    return path.keys.every((key) => typeof key.value !== 'object' || pathVisible(coverage, key.value));
  };

  const visible = (grants: readonly Grant[], path: CimInstancePath | null): boolean =>
    path === null || pathVisible(coverageOf(grants), path);

  return {
    isVisible: (grants, object) => visible(grants, object.kind === 'instance' ? object.path : object),
    isDeliverable: (grants, indication) => {
      const source = indication.get('SourceInstance') as CimInstance | null | undefined;
      if (source !== null && source !== undefined) return visible(grants, source.path);
      const element = indication.getString('AlertingManagedElement');
      if (element === null) return true;
      const path = parseObjectPath(element);
      return path.kind === 'class-path' || visible(grants, path);
    },
  };
}
