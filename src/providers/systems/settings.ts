import { type CimInstancePath, stringKey } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import type { Disk, Port, VirtualMachine } from '../../vmm/index.js';
import {
  associationProvider,
  deviceSettingsId,
  elementFacts,
  type HostView,
  type Link,
  listProvider,
  Paths,
  settingsId,
} from '../kit/index.js';
import { labelOfResource, labelOfVlan, labelOfVm } from './labels.js';

interface DeviceOf<T> {
  readonly vm: VirtualMachine;
  readonly device: T;
}

/** The UUID of the VM in an InstanceID `TVDC:<vm>` or `TVDC:<vm>/<device>`. */
export function vmOfSettings(path: CimInstancePath): string {
  return /^TVDC:([^/]+)/.exec(stringKey(path, 'InstanceID') ?? '')?.[1] ?? '';
}

/** Names of the settings that every VM has one of. */
const wholeSettings = { memory: 'memory', processor: 'processor', tpm: 'tpm' } as const;

/** Settings of the virtual machines and of their devices: what defines them, with the labels that go with it. */
export function settingsProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);
  const vms = (): Iterable<VirtualMachine> => parts.inventory.vms();
  const findVm = (path: CimInstancePath): VirtualMachine | undefined => parts.inventory.vm(vmOfSettings(path));

  function* disks(): Iterable<DeviceOf<Disk>> {
    for (const vm of vms()) for (const device of vm.disks) yield { vm, device };
  }
  function* ports(): Iterable<DeviceOf<Port>> {
    for (const vm of vms()) for (const device of vm.ports) yield { vm, device };
  }
  function* withTpm(): Iterable<VirtualMachine> {
    for (const vm of vms()) if (vm.tpm) yield vm;
  }

  const system = listProvider({
    className: 'TVDC_VirtualSystemSettingData',
    namespace,
    rows: vms,
    find: findVm,
    values: (vm) => ({
      InstanceID: settingsId(vm.uuid),
      ...elementFacts(vm.name, 'Settings of a virtual machine.'),
      VirtualSystemIdentifier: vm.uuid,
      VirtualSystemType: `TVDC:${parts.hypervisor.name}`,
      SecurityLabel: labelOfVm(view, vm.uuid),
    }),
  });

  const allocation = (
    vm: VirtualMachine,
    device: string,
    name: string,
    type: number,
    quantity: number,
    units: string,
  ): Link => ({
    InstanceID: deviceSettingsId(vm.uuid, device),
    ...elementFacts(`${vm.name} ${name}`),
    ResourceType: type,
    VirtualQuantity: BigInt(quantity),
    AllocationUnits: units,
    Parent: null,
  });

  const storage = listProvider({
    className: 'TVDC_StorageAllocationSettingData',
    namespace,
    rows: disks,
    values: ({ vm, device }) => {
      const volume = parts.inventory.volume(device.volume);
      const resource = volume?.resource ?? '';
      return {
        ...allocation(vm, device.id, 'disk', 31, volume?.sizeBytes ?? 0, 'byte'),
        HostResource: volume === undefined ? [] : [`TVDC_StorageVolume.DeviceID="${volume.uuid}"`],
        Address: resource,
        SecurityLabel: labelOfResource(view, resource),
      };
    },
  });

  const ethernet = listProvider({
    className: 'TVDC_EthernetPortAllocationSettingData',
    namespace,
    rows: ports,
    values: ({ vm, device }) => ({
      ...allocation(vm, device.id, 'network interface', 33, 1, 'count'),
      Address: device.mac,
      Connection: [paths.vlanId(device.vlanId)],
      SecurityLabel: labelOfVlan(view, device.vlanId),
    }),
  });

  const memory = listProvider({
    className: 'TVDC_MemoryAllocationSettingData',
    namespace,
    rows: vms,
    find: findVm,
    values: (vm) => allocation(vm, wholeSettings.memory, 'memory', 4, vm.memoryMiB, 'byte*2^20'),
  });

  const processor = listProvider({
    className: 'TVDC_ProcessorAllocationSettingData',
    namespace,
    rows: vms,
    find: findVm,
    values: (vm) => allocation(vm, wholeSettings.processor, 'processors', 3, vm.processors, 'count'),
  });

  const tpm = listProvider({
    className: 'TVDC_TPMAllocationSettingData',
    namespace,
    rows: withTpm,
    values: (vm) => ({
      ...allocation(vm, wholeSettings.tpm, 'TPM', 1, 1, 'count'),
      OtherResourceType: 'TVDC:TPM',
    }),
  });

  const partsOf = function* (vm: VirtualMachine): Iterable<CimInstancePath> {
    for (const disk of vm.disks)
      yield paths.byId('TVDC_StorageAllocationSettingData', deviceSettingsId(vm.uuid, disk.id));
    for (const port of vm.ports)
      yield paths.byId('TVDC_EthernetPortAllocationSettingData', deviceSettingsId(vm.uuid, port.id));
    yield paths.byId('TVDC_MemoryAllocationSettingData', deviceSettingsId(vm.uuid, wholeSettings.memory));
    yield paths.byId('TVDC_ProcessorAllocationSettingData', deviceSettingsId(vm.uuid, wholeSettings.processor));
    if (vm.tpm) yield paths.byId('TVDC_TPMAllocationSettingData', deviceSettingsId(vm.uuid, wholeSettings.tpm));
  };

  const components = associationProvider({
    className: 'TVDC_VirtualSystemSettingDataComponent',
    namespace,
    *links() {
      for (const vm of vms()) {
        for (const part of partsOf(vm)) yield { GroupComponent: paths.settings(vm), PartComponent: part };
      }
    },
  });

  const stateLinks = function* (vm: VirtualMachine): Iterable<Link> {
    yield { ManagedElement: paths.vm(vm.uuid), SettingData: paths.settings(vm) };
    for (const disk of vm.disks) {
      yield {
        ManagedElement: paths.device('TVDC_LogicalDisk', vm.uuid, disk.id),
        SettingData: paths.byId('TVDC_StorageAllocationSettingData', deviceSettingsId(vm.uuid, disk.id)),
      };
    }
    for (const port of vm.ports) {
      yield {
        ManagedElement: paths.device('TVDC_EthernetPort', vm.uuid, port.id),
        SettingData: paths.byId('TVDC_EthernetPortAllocationSettingData', deviceSettingsId(vm.uuid, port.id)),
      };
    }
  };

  const settingsDefineState = associationProvider({
    className: 'TVDC_SettingsDefineState',
    namespace,
    *links() {
      for (const vm of vms()) yield* stateLinks(vm);
    },
  });

  return [system, storage, ethernet, memory, processor, tpm, components, settingsDefineState];
}
