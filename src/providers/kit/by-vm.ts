import { type CimInstancePath, stringKey } from '../../cim/index.js';
import type { Inventory, VirtualMachine } from '../../vmm/index.js';
import type { AssociationOptions, Link } from './list-provider.js';

/**
 * UUID of the virtual machine that a path names, or that has the device or setting that it names; null: nothing of the kind. The
 * machine need not exist.
 */
export function vmOfPath(path: CimInstancePath): string | null {
  if (path.className.toLowerCase() === 'tvdc_computersystem') return stringKey(path, 'Name') ?? null;
  if (stringKey(path, 'SystemCreationClassName')?.toLowerCase() === 'tvdc_computersystem')
    return stringKey(path, 'SystemName') ?? null;
  return /^TVDC:([0-9a-f-]{36})(?:\/|$)/i.exec(stringKey(path, 'InstanceID') ?? '')?.[1] ?? null;
}

/**
 * Links of an association in which every link belongs to one virtual machine.
 * @param linksOfOther those of an object that belongs to none; left out: it has none
 */
export function linksByVm(
  inventory: Inventory,
  linksOfVm: (vm: VirtualMachine) => Iterable<Link>,
  linksOfOther: (object: CimInstancePath) => Iterable<Link> = () => [],
): Pick<AssociationOptions, 'links' | 'linksOf'> {
  function* links(): Iterable<Link> {
    for (const vm of inventory.vms()) yield* linksOfVm(vm);
  }
  return {
    links,
    linksOf(object) {
      const uuid = vmOfPath(object);
      const vm = uuid === null ? undefined : inventory.vm(uuid);
      return vm === undefined ? linksOfOther(object) : linksOfVm(vm);
    },
  };
}
