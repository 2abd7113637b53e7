import { type CimInstancePath, stringKey } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import type { VirtualMachine } from '../../vmm/index.js';
import {
  associationProvider,
  elementFacts,
  type HostView,
  linksByVm,
  listProvider,
  operationalFacts,
  Paths,
  vmOfPath,
} from '../kit/index.js';
import { devicesOf, memoryDevice, processorDevice } from './device-ids.js';
import { deviceState } from './state.js';

/** CIM_Processor.CPUStatus: enabled. */
const cpuEnabled = 1;
const megabyte = 1n << 20n;

interface ProcessorOf {
  readonly vm: VirtualMachine;
  readonly at: number;
}

/** Memory and processors of virtual machines, and to which system each device belongs. */
export function deviceProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const { inventory } = parts;
  const paths = new Paths(parts.identity, namespace);
  const vmOf = (path: CimInstancePath): VirtualMachine | undefined => inventory.vm(vmOfPath(path) ?? '');

  const memory = listProvider({
    className: 'TVDC_Memory',
    namespace,
    rows: () => inventory.vms(),
    find: vmOf,
    values: (vm) => ({
      ...paths.deviceKeys('TVDC_Memory', vm.uuid, memoryDevice),
      ...elementFacts(`${vm.name} memory`, 'Memory of a virtual machine.'),
      ...operationalFacts(),
      EnabledState: deviceState(vm),
      RequestedState: 12,
      Volatile: true,
      Access: 3,
      BlockSize: megabyte,
      NumberOfBlocks: BigInt(vm.memoryMiB),
      ConsumableBlocks: BigInt(vm.memoryMiB),
    }),
  });

  function* processors(): Iterable<ProcessorOf> {
    for (const vm of inventory.vms()) for (let at = 0; at < vm.processors; at++) yield { vm, at };
  }
  const processor = listProvider({
    className: 'TVDC_Processor',
    namespace,
    rows: processors,
    find: (path) => {
      const vm = vmOf(path);
      const at = Number(/^processor-(\d+)$/.exec(stringKey(path, 'DeviceID') ?? '')?.[1] ?? -1);
      return vm === undefined || at < 0 || at >= vm.processors ? undefined : { vm, at };
    },
    values: ({ vm, at }) => ({
      ...paths.deviceKeys('TVDC_Processor', vm.uuid, processorDevice(at)),
      ...elementFacts(`${vm.name} processor ${at}`, 'A processor of a virtual machine.'),
      ...operationalFacts(),
      EnabledState: deviceState(vm),
      RequestedState: 12,
      Role: 'virtual processor',
      CPUStatus: cpuEnabled,
      NumberOfEnabledCores: 1,
    }),
  });

  const devices = associationProvider({
    className: 'TVDC_SystemDevice',
    namespace,
    ...linksByVm(inventory, function* (vm) {
      const group = paths.vm(vm.uuid);
      for (const device of devicesOf(view, paths, vm)) yield { GroupComponent: group, PartComponent: device };
    }),
  });

  return [memory, processor, devices];
}
