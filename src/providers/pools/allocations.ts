import { type CimInstancePath, stringKey } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import type { VirtualMachine } from '../../vmm/index.js';
import { associationProvider, type HostView, type Link, linksByVm, Paths } from '../kit/index.js';
import { devicePath, type ResourceKind, resourceKinds, resourcePath, resourcesOf } from '../systems/index.js';

/** What comes from which pool, and whose the pools are. */
export function allocationProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const { inventory } = parts;
  const paths = new Paths(parts.identity, namespace);

  const kindOfPool = (object: CimInstancePath): ResourceKind | undefined => {
    const id = stringKey(object, 'InstanceID');
    return resourceKinds.find((kind) => paths.poolInstanceId(kind) === id);
  };

  const hosted = associationProvider({
    className: 'TVDC_HostedResourcePool',
    namespace,
    *links() {
      for (const kind of resourceKinds) yield { GroupComponent: paths.host(), PartComponent: paths.pool(kind) };
    },
  });

  function* settingLinks(vm: VirtualMachine, only?: ResourceKind): Iterable<Link> {
    for (const resource of resourcesOf(vm)) {
      if (only !== undefined && resource.kind !== only) continue;
      yield { Antecedent: paths.pool(resource.kind), Dependent: resourcePath(paths, vm.uuid, resource) };
    }
  }
  function* deviceLinks(vm: VirtualMachine, only?: ResourceKind): Iterable<Link> {
    for (const resource of resourcesOf(vm)) {
      if (only !== undefined && resource.kind !== only) continue;
      const pool = paths.pool(resource.kind);
      for (const device of devicePath(view, paths, vm, resource)) yield { Antecedent: pool, Dependent: device };
    }
  }
  /** Only those of one pool. */
  const ofPool = (links: typeof settingLinks) =>
    function* (object: CimInstancePath): Iterable<Link> {
      const kind = kindOfPool(object);
      if (kind !== undefined) for (const vm of inventory.vms()) yield* links(vm, kind);
    };

  const allocations = associationProvider({
    className: 'TVDC_ResourceAllocationFromPool',
    namespace,
    ...linksByVm(inventory, settingLinks, ofPool(settingLinks)),
  });
  const elements = associationProvider({
    className: 'TVDC_ElementAllocatedFromPool',
    namespace,
    ...linksByVm(inventory, deviceLinks, ofPool(deviceLinks)),
  });

  const storage = paths.pool('storage');
  // A volume lies in the pool also while no machine has it.
  const components = associationProvider({
    className: 'CIM_ConcreteComponent',
    namespace,
    *links() {
      for (const volume of inventory.volumes()) yield { GroupComponent: storage, PartComponent: paths.volume(volume) };
    },
    *linksOf(object) {
      const volume = inventory.volume(stringKey(object, 'DeviceID') ?? '');
      if (volume !== undefined) yield { GroupComponent: storage, PartComponent: paths.volume(volume) };
      else if (kindOfPool(object) === 'storage') yield* this.links();
    },
  });

  return [hosted, allocations, elements, components];
}
