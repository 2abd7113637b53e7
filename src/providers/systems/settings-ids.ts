import { type CimInstancePath, stringKey } from '../../cim/index.js';
import type { VirtualMachine } from '../../vmm/index.js';
import { deviceSettingsId, type Paths } from '../kit/index.js';
import { type ResourceKind, settingClasses } from './resource-settings.js';

/** A resource of a virtual machine as its settings show it; `id` is that of the disk or port, else a word. */
export interface VmResource {
  readonly kind: ResourceKind;
  readonly id: string;
}

/** Ids of the resources of which every virtual machine has one. */
const memoryId = 'memory';
const processorId = 'processor';
const tpmId = 'tpm';

/** The UUID of the VM in an InstanceID `TVDC:<vm>` or `TVDC:<vm>/<device>`. */
export function vmOfSettings(path: CimInstancePath): string {
  return vmOfId(stringKey(path, 'InstanceID') ?? '');
}

/** The same for an InstanceID. */
export function vmOfId(id: string): string {
  return /^TVDC:([^/]+)/.exec(id)?.[1] ?? '';
}

/** The device in an InstanceID `TVDC:<vm>/<device>`; empty where it names none. */
export function deviceOfId(id: string): string {
  return /^TVDC:[^/]+\/(.+)$/.exec(id)?.[1] ?? '';
}

/** All resources of a virtual machine. */
export function* resourcesOf(vm: VirtualMachine): Iterable<VmResource> {
  for (const { id } of vm.disks) yield { kind: 'storage', id };
  for (const { id } of vm.ports) yield { kind: 'ethernet', id };
  yield { kind: 'memory', id: memoryId };
  yield { kind: 'processor', id: processorId };
  if (vm.tpm) yield { kind: 'tpm', id: tpmId };
}

/** The resource that an InstanceID of a setting names. */
export function resourceOfId(vm: VirtualMachine, id: string): VmResource | undefined {
  const device = deviceOfId(id);
  for (const resource of resourcesOf(vm)) if (resource.id === device) return resource;
  return undefined;
}

export function resourcePath(paths: Paths, vm: string, { kind, id }: VmResource): CimInstancePath {
  return paths.byId(settingClasses[kind], deviceSettingsId(vm, id));
}
