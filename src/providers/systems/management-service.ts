import { CimError, type CimInstancePath, isCimArray, stringKey } from '../../cim/index.js';
import type { MethodFunction, Provider } from '../../cimom/index.js';
import {
  addDevices,
  type AddedDevice,
  additionJob,
  destroyVm,
  type Removal,
  removalJob,
  removeDevice,
  transitionJob,
  type VirtualMachine,
  VmmError,
  type WantedDevice,
} from '../../vmm/index.js';
import {
  actorOf,
  asCimStatus,
  type HostView,
  inheritedMethod,
  isPath,
  listProvider,
  Paths,
  serviceValues,
  startedOrDone,
} from '../kit/index.js';
import { checkStart } from './check-start.js';
import { findVm } from './computer-system.js';
import { isNewVolume } from './definition.js';
import { createVirtualMachine, defineSystem } from './define-system.js';
import { modifyResourceSettings, modifySystemSettings, notSupported } from './modify-settings.js';
import { embeddedInstances, kindOfClass, kindOfSetting, vlanOf, volumeOf } from './resource-settings.js';
import { resourceOfId, resourcePath, type VmResource, vmOfSettings } from './settings-ids.js';

const className = 'TVDC_VirtualSystemManagementService';

const resourceKindOf: Readonly<Record<AddedDevice['kind'], VmResource['kind']>> = {
  disk: 'storage',
  port: 'ethernet',
  tpm: 'tpm',
};

/** @throws VmmError `not_found` */
function requireVm(view: HostView, uuid: string): VirtualMachine {
  const vm = view.parts.inventory.vm(uuid);
  if (vm === undefined) throw new VmmError('not_found', [uuid]);
  return vm;
}

/** CIM_VirtualSystemManagementService.AddResourceSettings: devices, all of them or none. */
function addResourceSettings(view: HostView, paths: Paths): MethodFunction {
  return async (context, _self, parameters) => {
    const configuration = parameters['AffectedConfiguration'];
    if (!isPath(configuration))
      throw new CimError(4, 'AffectedConfiguration must name a TVDC_VirtualSystemSettingData');
    const uuid = vmOfSettings(configuration);
    const wanted: WantedDevice[] = [];
    for (const setting of embeddedInstances(parameters['ResourceSettings'], 'ResourceSettings')) {
      const kind = kindOfSetting(setting);
      // Every virtual machine has its memory and processors already: they are changed, not added to.
      if (kind === 'memory' || kind === 'processor') return notSupported;
      if (kind === 'storage' && isNewVolume(setting)) {
        throw new CimError(4, 'a storage setting names no volume of this host in HostResource or Address');
      }
      if (kind === 'storage') wanted.push({ kind: 'disk', volume: volumeOf(view, setting) });
      else if (kind === 'ethernet') wanted.push({ kind: 'port', vlan: vlanOf(setting) });
      else wanted.push({ kind: 'tpm' });
    }
    const actor = actorOf(context);
    return asCimStatus(() => {
      const vm = requireVm(view, uuid);
      return startedOrDone(
        view,
        context,
        additionJob(actor, vm, wanted),
        () => addDevices(view.parts, actor, uuid, wanted),
        (added) => ({
          ResultingResourceSettings: added.map(({ kind, id }) =>
            resourcePath(paths, uuid, { kind: resourceKindOf[kind], id }),
          ),
        }),
      );
    });
  };
}

/** @throws CimError 6; null: a virtual machine cannot be without it */
function removalOf(view: HostView, path: CimInstancePath): Removal | null {
  const id = stringKey(path, 'InstanceID') ?? '';
  const vm = view.parts.inventory.vm(vmOfSettings(path));
  const resource = vm === undefined ? undefined : resourceOfId(vm, id);
  if (vm === undefined || resource === undefined || kindOfClass(path.className) !== resource.kind)
    throw new CimError(6, `there are no settings ${id}`);
  switch (resource.kind) {
    case 'storage':
      return { vm: vm.uuid, device: { kind: 'disk', id: resource.id } };
    case 'ethernet':
      return { vm: vm.uuid, device: { kind: 'port', id: resource.id } };
    case 'tpm':
      return { vm: vm.uuid, device: { kind: 'tpm', id: resource.id } };
    case 'memory':
    case 'processor':
      return null;
  }
}

/** CIM_VirtualSystemManagementService.RemoveResourceSettings: devices, one after another. */
function removeResourceSettings(view: HostView): MethodFunction {
  return async (context, _self, parameters) => {
    const settings = parameters['ResourceSettings'];
    const named = settings !== undefined && isCimArray(settings) ? settings.filter((item) => isPath(item)) : [];
    if (named.length === 0) throw new CimError(4, 'ResourceSettings must name settings of resources');
    const removals = named.map((path) => removalOf(view, path));
    if (removals.includes(null)) return notSupported;
    const wanted = removals.filter((removal) => removal !== null);
    const vms = [...new Set(wanted.map(({ vm }) => vm))].map((uuid) => requireVm(view, uuid));
    const actor = actorOf(context);
    return inheritedMethod(() =>
      startedOrDone(view, context, removalJob(actor, vms, wanted), async () => {
        for (const { vm, device } of wanted) await removeDevice(view.parts, actor, vm, device);
      }),
    );
  };
}

/** TVDC_VirtualSystemManagementService: defining, changing and destroying virtual machines (DSP1042). */
export function managementServiceProvider(view: HostView): Provider {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);

  const methods: Readonly<Record<string, MethodFunction>> = {
    CheckStart: checkStart(view),
    CreateVirtualMachine: createVirtualMachine(view, paths),
    DefineSystem: defineSystem(view, paths),
    DestroySystem: async (context, _self, parameters) => {
      const system = parameters['AffectedSystem'];
      if (!isPath(system)) throw new CimError(4, 'AffectedSystem must name a TVDC_ComputerSystem');
      const vm = findVm(view, system);
      const actor = actorOf(context);
      const job = transitionJob(actor, 'destroy', vm, 'destroyed');
      return inheritedMethod(() => startedOrDone(view, context, job, () => destroyVm(parts, actor, vm.uuid)));
    },
    AddResourceSettings: addResourceSettings(view, paths),
    RemoveResourceSettings: removeResourceSettings(view),
    ModifySystemSettings: modifySystemSettings(view),
    ModifyResourceSettings: modifyResourceSettings(view, paths),
  };

  return listProvider({
    className,
    namespace,
    rows: () => [parts.identity],
    values: () => serviceValues(paths, className, 'Virtual system management'),
    methods,
  });
}
