import { CimDateTime } from '../../cim/index.js';
import type { VirtualMachine } from '../../vmm/index.js';
import { deviceSettingsId, elementFacts, type HostView, Paths, poolId, settingsId, type Values } from '../kit/index.js';
import { virtualSystemType } from './define-system.js';
import { labelOfResource, labelOfVlan, labelOfVm } from './labels.js';
import { type ResourceKind, resourceTypes, tpmResourceType } from './resource-settings.js';
import type { VmResource } from './settings-ids.js';
import { criticalityValues } from './state.js';

/** CIM_SettingData.ChangeableType. */
const changeablePersistent = 2;
/** CIM_ResourceAllocationSettingData.ConsumerVisibility. */
const virtualized = 3;
/** CIM_VirtualSystemSettingData.AutomaticRecoveryAction. */
const none = 2;

/** What TVDC_VirtualSystemSettingData shows of a virtual machine. */
export function systemSettingValues(view: HostView, vm: VirtualMachine, label = labelOfVm(view, vm.uuid)): Values {
  return {
    InstanceID: settingsId(vm.uuid),
    ...elementFacts(vm.name, 'Settings of a virtual machine.'),
    ChangeableType: changeablePersistent,
    VirtualSystemIdentifier: vm.uuid,
    VirtualSystemType: virtualSystemType(view),
    CreationTime: CimDateTime.fromUnix(vm.createdAt),
    AutomaticRecoveryAction: none,
    SecurityLabel: label,
    Criticality: criticalityValues[vm.criticality],
    Trusted: vm.trusted === true,
  };
}

/** How the amounts of a kind of resource are counted: what the consumer sees, and what is taken from the pool. */
export const resourceUnits: Readonly<Record<ResourceKind, { readonly virtual: string; readonly allocation: string }>> =
  {
    memory: { virtual: 'byte*2^20', allocation: 'byte*2^20' },
    processor: { virtual: 'count', allocation: 'count' },
    storage: { virtual: 'byte', allocation: 'byte' },
    ethernet: { virtual: 'count', allocation: 'count' },
    tpm: { virtual: 'count', allocation: 'count' },
  };

const resourceNames: Readonly<Record<ResourceKind, string>> = {
  memory: 'memory',
  processor: 'processors',
  storage: 'disk',
  ethernet: 'network interface',
  tpm: 'TPM',
};

/** Amount of a resource of a virtual machine, in its units. */
export function quantityOf(view: HostView, vm: VirtualMachine, { kind, id }: VmResource): number {
  switch (kind) {
    case 'memory':
      return vm.memoryMiB;
    case 'processor':
      return vm.processors;
    case 'storage': {
      const disk = vm.disks.find((item) => item.id === id);
      return (disk === undefined ? undefined : view.parts.inventory.volume(disk.volume)?.sizeBytes) ?? 0;
    }
    case 'ethernet':
    case 'tpm':
      return 1;
  }
}

function ownValues(view: HostView, vm: VirtualMachine, { kind, id }: VmResource): Values {
  const { parts } = view;
  if (kind === 'storage') {
    const volume = parts.inventory.volume(vm.disks.find((disk) => disk.id === id)?.volume ?? '');
    const resource = volume?.resource ?? '';
    return {
      HostResource: volume === undefined ? [] : [`TVDC_StorageVolume.DeviceID="${volume.uuid}"`],
      Address: resource,
      SecurityLabel: labelOfResource(view, resource),
    };
  }
  const port = kind === 'ethernet' ? vm.ports.find((item) => item.id === id) : undefined;
  if (port !== undefined) {
    const paths = new Paths(parts.identity, view.namespace);
    return {
      Address: port.mac,
      Connection: [paths.vlanId(port.vlanId)],
      SecurityLabel: labelOfVlan(view, port.vlanId),
    };
  }
  return kind === 'tpm' ? { OtherResourceType: tpmResourceType } : {};
}

/** What the setting of a resource of a virtual machine shows. */
export function resourceSettingValues(view: HostView, vm: VirtualMachine, resource: VmResource): Values {
  const { kind, id } = resource;
  const quantity = BigInt(quantityOf(view, vm, resource));
  return {
    InstanceID: deviceSettingsId(vm.uuid, id),
    ...elementFacts(`${vm.name} ${resourceNames[kind]}`),
    ChangeableType: changeablePersistent,
    ResourceType: resourceTypes[kind][0],
    PoolID: poolId(kind),
    ConsumerVisibility: virtualized,
    AllocationUnits: resourceUnits[kind].allocation,
    VirtualQuantity: quantity,
    VirtualQuantityUnits: resourceUnits[kind].virtual,
    // Nobody gets more later, and nothing is set aside before.
    Limit: quantity,
    AutomaticAllocation: true,
    AutomaticDeallocation: true,
    ...ownValues(view, vm, resource),
  };
}
