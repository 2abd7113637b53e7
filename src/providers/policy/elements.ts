import { type CimInstancePath, CimError, stringKey } from '../../cim/index.js';
import { type LabelTarget, vlanResource } from '../../vmm/index.js';
import { type HostView, Paths } from '../kit/index.js';

/** What a reference names, if it can carry a label. @throws CimError 4, 6 */
export function labelTargetOf(view: HostView, path: CimInstancePath): LabelTarget {
  const { inventory } = view.parts;
  switch (path.className.toLowerCase()) {
    case 'tvdc_computersystem': {
      const uuid = stringKey(path, 'Name') ?? '';
      if (inventory.vm(uuid) === undefined) throw new CimError(6, `no virtual machine ${uuid} on this host`);
      return { kind: 'vm', uuid };
    }
    case 'tvdc_storagevolume': {
      const uuid = stringKey(path, 'DeviceID') ?? '';
      if (inventory.volume(uuid) === undefined) throw new CimError(6, `no volume ${uuid} on this host`);
      return { kind: 'volume', uuid };
    }
    case 'tvdc_vlan': {
      const id = Number(/:vlan:(\d+)$/.exec(stringKey(path, 'InstanceID') ?? '')?.[1]);
      if (inventory.vlan(id) === undefined)
        throw new CimError(6, `no VLAN ${stringKey(path, 'InstanceID') ?? ''} on this host`);
      return { kind: 'vlan', id };
    }
    default:
      throw new CimError(4, `an instance of ${path.className} carries no label`);
  }
}

/** An element that carries a label, with the kind of label and its text. */
export interface LabelledElement {
  readonly path: CimInstancePath;
  readonly kind: 'VM' | 'RES';
  readonly policy: string;
  readonly label: string;
  readonly valid: boolean;
}

/** Everything on this host that carries a label. */
export function* labelledElements(view: HostView): Iterable<LabelledElement> {
  const { inventory, monitor, identity } = view.parts;
  const paths = new Paths(identity, view.namespace);
  for (const vm of inventory.vms()) {
    const label = monitor.labels.vm(vm.uuid);
    if (label !== undefined) yield { path: paths.vm(vm.uuid), kind: 'VM', ...label, valid: label.state === 'valid' };
  }
  for (const volume of inventory.volumes()) {
    const label = monitor.labels.resource(volume.resource);
    if (label !== undefined)
      yield {
        path: paths.volume(volume),
        kind: 'RES',
        policy: label.policy,
        label: label.label,
        valid: label.state === 'valid',
      };
  }
  for (const vlan of inventory.vlans()) {
    const label = monitor.labels.resource(vlanResource(vlan.id));
    if (label !== undefined)
      yield {
        path: paths.vlan(vlan),
        kind: 'RES',
        policy: label.policy,
        label: label.label,
        valid: label.state === 'valid',
      };
  }
}
