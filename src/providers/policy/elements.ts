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

function labelled(view: HostView, path: CimInstancePath, target: LabelTarget): LabelledElement | null {
  const { inventory, monitor } = view.parts;
  if (target.kind === 'vm') {
    const label = monitor.labels.vm(target.uuid);
    return label === undefined ? null : { path, kind: 'VM', ...label, valid: label.state === 'valid' };
  }
  const resource = target.kind === 'vlan' ? vlanResource(target.id) : inventory.volume(target.uuid)?.resource;
  const label = resource === undefined ? undefined : monitor.labels.resource(resource);
  if (label === undefined) return null;
  return { path, kind: 'RES', policy: label.policy, label: label.label, valid: label.state === 'valid' };
}

/** The label of one element; null: it has none, or cannot have one. */
export function labelledElement(view: HostView, path: CimInstancePath): LabelledElement | null {
  try {
    return labelled(view, path, labelTargetOf(view, path));
  } catch (error) {
    if (error instanceof CimError) return null;
    throw error;
  }
}

/** Everything on this host that carries a label. */
export function* labelledElements(view: HostView): Iterable<LabelledElement> {
  const { inventory, identity } = view.parts;
  const paths = new Paths(identity, view.namespace);
  function* targets(): Iterable<readonly [CimInstancePath, LabelTarget]> {
    for (const { uuid } of inventory.vms()) yield [paths.vm(uuid), { kind: 'vm', uuid }];
    for (const volume of inventory.volumes()) yield [paths.volume(volume), { kind: 'volume', uuid: volume.uuid }];
    for (const vlan of inventory.vlans()) yield [paths.vlan(vlan), { kind: 'vlan', id: vlan.id }];
  }
  for (const [path, target] of targets()) {
    const found = labelled(view, path, target);
    if (found !== null) yield found;
  }
}
