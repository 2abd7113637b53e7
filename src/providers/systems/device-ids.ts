import type { CimInstancePath } from '../../cim/index.js';
import type { VirtualMachine } from '../../vmm/index.js';
import type { HostView, Paths } from '../kit/index.js';
import { resourcesOf, type VmResource } from './settings-ids.js';

/** DeviceID of the one memory of a virtual machine. */
export const memoryDevice = 'memory';

/** DeviceID of one of its processors, from 0. */
export function processorDevice(at: number): string {
  return `processor-${at}`;
}

/** The devices behind a resource: one for each, but for processors, of which each is a device. */
export function* devicePath(
  view: HostView,
  paths: Paths,
  vm: VirtualMachine,
  { kind, id }: VmResource,
): Iterable<CimInstancePath> {
  switch (kind) {
    case 'storage':
      yield paths.device('TVDC_LogicalDisk', vm.uuid, id);
      break;
    case 'ethernet':
      yield paths.device('TVDC_EthernetPort', vm.uuid, id);
      break;
    case 'memory':
      yield paths.device('TVDC_Memory', vm.uuid, memoryDevice);
      break;
    case 'processor':
      for (let at = 0; at < vm.processors; at++) yield paths.device('TVDC_Processor', vm.uuid, processorDevice(at));
      break;
    case 'tpm': {
      const tpm = view.parts.vtpms.get(vm.uuid);
      if (tpm !== undefined) yield paths.device('TVDC_VirtualTPM', vm.uuid, tpm.uuid);
      break;
    }
  }
}

/** All devices of a virtual machine. */
export function* devicesOf(view: HostView, paths: Paths, vm: VirtualMachine): Iterable<CimInstancePath> {
  for (const resource of resourcesOf(vm)) yield* devicePath(view, paths, vm, resource);
}
