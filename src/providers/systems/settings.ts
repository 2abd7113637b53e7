import { type CimInstancePath, stringKey } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import type { VirtualMachine } from '../../vmm/index.js';
import { associationProvider, type HostView, type Link, linksByVm, listProvider, Paths } from '../kit/index.js';
import { devicePath } from './device-ids.js';
import { modifyResourceInstance, modifySystemInstance } from './modify-settings.js';
import { type ResourceKind, resourceKinds, settingClasses } from './resource-settings.js';
import { resourceOfId, resourcePath, resourcesOf, type VmResource, vmOfSettings } from './settings-ids.js';
import { resourceSettingValues, systemSettingValues } from './setting-values.js';

interface SettingOf {
  readonly vm: VirtualMachine;
  readonly resource: VmResource;
}

/** Settings of the virtual machines and of their devices: what defines them, with the labels that go with it. */
export function settingsProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const { inventory } = parts;
  const paths = new Paths(parts.identity, namespace);

  const system = listProvider({
    className: 'TVDC_VirtualSystemSettingData',
    namespace,
    rows: () => inventory.vms(),
    find: (path) => inventory.vm(vmOfSettings(path)),
    values: (vm) => systemSettingValues(view, vm),
    modify: modifySystemInstance(view),
  });

  function* settingsOf(kind: ResourceKind): Iterable<SettingOf> {
    for (const vm of inventory.vms()) {
      for (const resource of resourcesOf(vm)) if (resource.kind === kind) yield { vm, resource };
    }
  }
  const find = (path: CimInstancePath): SettingOf | undefined => {
    const vm = inventory.vm(vmOfSettings(path));
    const resource = vm === undefined ? undefined : resourceOfId(vm, stringKey(path, 'InstanceID') ?? '');
    return vm === undefined || resource === undefined ? undefined : { vm, resource };
  };
  const resources = resourceKinds.map((kind) =>
    listProvider({
      className: settingClasses[kind],
      namespace,
      rows: () => settingsOf(kind),
      find: (path) => {
        const found = find(path);
        return found?.resource.kind === kind ? found : undefined;
      },
      values: ({ vm, resource }) => resourceSettingValues(view, vm, resource),
      modify: modifyResourceInstance(view),
    }),
  );

  const components = associationProvider({
    className: 'TVDC_VirtualSystemSettingDataComponent',
    namespace,
    ...linksByVm(inventory, function* (vm) {
      for (const resource of resourcesOf(vm)) {
        yield { GroupComponent: paths.settings(vm), PartComponent: resourcePath(paths, vm.uuid, resource) };
      }
    }),
  });

  function* stateLinks(vm: VirtualMachine): Iterable<Link> {
    yield { ManagedElement: paths.vm(vm.uuid), SettingData: paths.settings(vm) };
    for (const resource of resourcesOf(vm)) {
      const setting = resourcePath(paths, vm.uuid, resource);
      for (const device of devicePath(view, paths, vm, resource))
        yield { ManagedElement: device, SettingData: setting };
    }
  }
  const settingsDefineState = associationProvider({
    className: 'TVDC_SettingsDefineState',
    namespace,
    ...linksByVm(inventory, stateLinks),
  });

  // One configuration for each virtual machine: it is what defines it, what is in force and what the next start takes.
  const configuration = { IsDefault: 1, IsCurrent: 1, IsNext: 1 };
  const elementSettings = associationProvider({
    className: 'TVDC_ElementSettingData',
    namespace,
    ...linksByVm(inventory, function* (vm) {
      const settings = paths.settings(vm);
      yield { ManagedElement: paths.vm(vm.uuid), SettingData: settings, ...configuration };
      yield { ManagedElement: settings, SettingData: settings, ...configuration };
    }),
  });

  return [system, ...resources, components, settingsDefineState, elementSettings];
}
