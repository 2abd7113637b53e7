import { CimError, type CimInstance, type CimValue, createInstance, sameValue } from '../../cim/index.js';
import type { MethodFunction, MethodOutcome, Provider, ProviderContext } from '../../cimom/index.js';
import {
  type Disk,
  modificationJob,
  modifyVm,
  type PortChange,
  type VirtualMachine,
  type VmChange,
} from '../../vmm/index.js';
import {
  actorOf,
  asCimStatus,
  type HostView,
  inheritedMethod,
  type Paths,
  returnCodes,
  startedOrDone,
  type Values,
} from '../kit/index.js';
import { criticalityOf } from './criticality.js';
import { labelOfVm } from './labels.js';
import {
  embeddedInstances,
  isInstance,
  kindOfSetting,
  memoryMiBOf,
  processorsOf,
  settingClasses,
  vlanOfConnection,
  volumeOfAddress,
  volumeOfHostResource,
} from './resource-settings.js';
import { resourceOfId, resourcePath, vmOfId, type VmResource } from './settings-ids.js';
import { resourceSettingValues, systemSettingValues } from './setting-values.js';

/** "Incompatible Parameters" of CIM_VirtualSystemManagementService. */
const incompatibleParameters = 6;

/** @throws CimError 4 no InstanceID; 6 no such virtual machine */
function vmOfSetting(view: HostView, setting: CimInstance): VirtualMachine {
  const id = setting.getString('InstanceID') ?? '';
  if (id === '') throw new CimError(4, 'a setting must say by its InstanceID which one is to change');
  const vm = view.parts.inventory.vm(vmOfId(id));
  if (vm === undefined) throw new CimError(6, `there are no settings ${id}`);
  return vm;
}

interface SettingNow {
  readonly className: string;
  readonly values: Values;
  /** Properties that may change. */
  readonly changeable: readonly string[];
}

/** What differs from the settings as they are; NULL and defaults of the class ask for nothing. @throws CimError 4 */
function wishes(context: ProviderContext, given: CimInstance, now: SettingNow): ReadonlySet<string> {
  const cls = context.classes.get(now.className);
  const current = createInstance(cls, now.values);
  const found = new Set<string>();
  for (const { name, value } of given.properties()) {
    const was = current.get(name);
    if (value === null || was === undefined || sameValue(value, was)) continue;
    const standard = cls.properties.find((property) => property.name === name)?.defaultValue ?? null;
    if (standard !== null && sameValue(value, standard)) continue;
    if (!now.changeable.includes(name)) throw new CimError(4, `${now.className}.${name} cannot be changed`);
    found.add(name);
  }
  return found;
}

function systemChange(view: HostView, context: ProviderContext, vm: VirtualMachine, given: CimInstance): VmChange {
  const wanted = wishes(context, given, {
    className: 'TVDC_VirtualSystemSettingData',
    values: systemSettingValues(view, vm),
    changeable: ['ElementName', 'SecurityLabel', 'Criticality', 'Trusted'],
  });
  const label = given.getString('SecurityLabel');
  return {
    ...(wanted.has('ElementName') ? { name: given.getString('ElementName') ?? '' } : {}),
    ...(wanted.has('SecurityLabel') ? { label: label === '' ? null : label } : {}),
    ...(wanted.has('Criticality') ? { criticality: criticalityOf(given.get('Criticality')) } : {}),
    ...(wanted.has('Trusted') ? { trusted: given.get('Trusted') === true } : {}),
  };
}

/** Properties of each kind of setting that may change. */
const changeable: Readonly<Record<VmResource['kind'], readonly string[]>> = {
  storage: ['HostResource', 'Address'],
  ethernet: ['Connection', 'Address'],
  memory: ['VirtualQuantity', 'VirtualQuantityUnits', 'AllocationUnits'],
  processor: ['VirtualQuantity'],
  tpm: [],
};

interface Changes {
  memoryMiB?: number;
  processors?: number;
  readonly disks: Disk[];
  readonly ports: PortChange[];
}

function readStorage(view: HostView, setting: CimInstance, wanted: ReadonlySet<string>, id: string, into: Changes) {
  const volume =
    (wanted.has('HostResource') ? volumeOfHostResource(view, setting) : null) ??
    (wanted.has('Address') ? volumeOfAddress(view, setting) : null);
  if (volume !== null) into.disks.push({ id, volume });
}

function readEthernet(setting: CimInstance, wanted: ReadonlySet<string>, id: string, into: Changes) {
  const vlanId = wanted.has('Connection') ? vlanOfConnection(setting) : null;
  const mac = wanted.has('Address') ? (setting.getString('Address') ?? '').toLowerCase() : null;
  if (vlanId === null && mac === null) return;
  into.ports.push({ id, ...(vlanId === null ? {} : { vlanId }), ...(mac === null ? {} : { mac }) });
}

/** One resource setting as a part of the change. @throws CimError 4, 6 */
function readResource(
  view: HostView,
  context: ProviderContext,
  vm: VirtualMachine,
  setting: CimInstance,
  into: Changes,
): VmResource {
  const id = setting.getString('InstanceID') ?? '';
  const resource = resourceOfId(vm, id);
  if (resource === undefined || kindOfSetting(setting) !== resource.kind)
    throw new CimError(6, `there are no settings ${id} of that class`);
  const wanted = wishes(context, setting, {
    className: settingClasses[resource.kind],
    values: resourceSettingValues(view, vm, resource),
    // What a client read comes back with the amount that it changed.
    changeable: changeable[resource.kind],
  });
  if (resource.kind === 'storage') readStorage(view, setting, wanted, resource.id, into);
  if (resource.kind === 'ethernet') readEthernet(setting, wanted, resource.id, into);
  if (wanted.has('VirtualQuantity') || wanted.has('VirtualQuantityUnits') || wanted.has('AllocationUnits')) {
    if (resource.kind === 'memory') into.memoryMiB = memoryMiBOf(setting) ?? vm.memoryMiB;
    else into.processors = processorsOf(setting) ?? vm.processors;
  }
  return resource;
}

function asVmChange({ memoryMiB, processors, disks, ports }: Changes): VmChange {
  return {
    ...(memoryMiB === undefined ? {} : { memoryMiB }),
    ...(processors === undefined ? {} : { processors }),
    ...(disks.length === 0 ? {} : { disks }),
    ...(ports.length === 0 ? {} : { ports }),
  };
}

function modify(
  view: HostView,
  context: ProviderContext,
  vm: VirtualMachine,
  change: VmChange,
  out: Readonly<Record<string, CimValue>> = {},
): Promise<MethodOutcome> {
  const actor = actorOf(context);
  const work = (): Promise<VirtualMachine> => modifyVm(view.parts, actor, vm.uuid, change);
  return startedOrDone(view, context, modificationJob(actor, vm, change), work, () => out);
}

/** CIM_VirtualSystemManagementService.ModifySystemSettings: name, label and ratings. */
export function modifySystemSettings(view: HostView): MethodFunction {
  return (context, _self, parameters) =>
    inheritedMethod(async () => {
      const given = parameters['SystemSettings'];
      if (!isInstance(given)) throw new CimError(4, 'SystemSettings must be an embedded TVDC_VirtualSystemSettingData');
      const vm = vmOfSetting(view, given);
      return modify(view, context, vm, systemChange(view, context, vm, given));
    });
}

/** CIM_VirtualSystemManagementService.ModifyResourceSettings: resources of one virtual machine, all of them or none. */
export function modifyResourceSettings(view: HostView, paths: Paths): MethodFunction {
  return async (context, _self, parameters) => {
    const settings = embeddedInstances(parameters['ResourceSettings'], 'ResourceSettings');
    const [vm, ...others] = settings.map((setting) => vmOfSetting(view, setting));
    if (vm === undefined || others.some((other) => other.uuid !== vm.uuid))
      return { returnValue: incompatibleParameters };
    return inheritedMethod(async () => {
      const changes: Changes = { disks: [], ports: [] };
      const resources = settings.map((setting) => readResource(view, context, vm, setting, changes));
      return modify(view, context, vm, asVmChange(changes), {
        ResultingResourceSettings: resources.map((resource) => resourcePath(paths, vm.uuid, resource)),
      });
    });
  };
}

/** Only the properties that a ModifyInstance names. */
function selected(instance: CimInstance, propertyList: readonly string[] | null): CimInstance {
  if (propertyList === null) return instance;
  return instance.select([...propertyList, 'InstanceID']);
}

function withId(instance: CimInstance): CimInstance {
  const id = instance.path?.keys.find((key) => key.name.toLowerCase() === 'instanceid')?.value;
  return typeof id === 'string' && instance.get('InstanceID') !== id ? instance.with({ InstanceID: id }) : instance;
}

/**
 * Labels, volumes and VLANs may belong to others: who does not see them all uses the methods that look at labels, and is not told
 * which of them there are.
 */
function requireWhole(view: HostView, context: ProviderContext): void {
  if (!view.veil.seesAll(context.caller)) throw new CimError(2, 'only who sees the whole host changes that');
}

/** ModifyInstance of TVDC_VirtualSystemSettingData: the same change as by ModifySystemSettings. */
export function modifySystemInstance(view: HostView): NonNullable<Provider['modify']> {
  return async (context, instance, propertyList) => {
    const given = withId(selected(instance, propertyList));
    const vm = vmOfSetting(view, given);
    const change = systemChange(view, context, vm, given);
    // A property that is listed without a value is to have none.
    const cleared = propertyList?.some((name) => name.toLowerCase() === 'securitylabel') === true;
    const whole: VmChange =
      cleared && given.getString('SecurityLabel') === null && labelOfVm(view, vm.uuid) !== null
        ? { ...change, label: null }
        : change;
    if (whole.label !== undefined || whole.trusted !== undefined) requireWhole(view, context);
    await asCimStatus(() => modifyVm(view.parts, actorOf(context), vm.uuid, whole));
  };
}

/** ModifyInstance of the setting of a resource: the same change as by ModifyResourceSettings. */
export function modifyResourceInstance(view: HostView): NonNullable<Provider['modify']> {
  return async (context, instance, propertyList) => {
    const given = withId(selected(instance, propertyList));
    const vm = vmOfSetting(view, given);
    const kind = kindOfSetting(given);
    if (kind === 'storage' || kind === 'ethernet') requireWhole(view, context);
    const changes: Changes = { disks: [], ports: [] };
    readResource(view, context, vm, given, changes);
    const change = asVmChange(changes);
    await asCimStatus(() => modifyVm(view.parts, actorOf(context), vm.uuid, change));
  };
}

/** What all methods of the service return where something is possible in principle, and not here. */
export const notSupported = { returnValue: returnCodes.notSupported } as const;
