import {
  type CimArray,
  CimError,
  type CimInstance,
  type CimInstancePath,
  type CimValue,
  isCimArray,
  stringKey,
} from '../../cim/index.js';
import type { MethodFunction, Provider, ProviderContext } from '../../cimom/index.js';
import {
  attachDisk,
  connectVlan,
  defineVm,
  destroyVm,
  detachDisk,
  disconnectPort,
  type ResourceLabel,
  type VmSpec,
  type VolumeSpec,
} from '../../vmm/index.js';
import {
  actorOf,
  asCimStatus,
  deviceSettingsId,
  type HostView,
  listProvider,
  optionalText,
  ownMethod,
  Paths,
  requiredText,
  returnCodes,
  serviceValues,
  textList,
} from '../kit/index.js';
import { checkStart } from './check-start.js';
import { cloneSystem } from './clone-system.js';
import { findVm } from './computer-system.js';
import { isNewVolume, labelOf, newVolumeOf, ratingOf } from './definition.js';
import { vmOfSettings } from './settings.js';

const className = 'TVDC_VirtualSystemManagementService';

function isInstance(value: CimValue | undefined): value is CimInstance {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance';
}

function isPath(value: CimValue | undefined): value is CimInstancePath {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance-path';
}

function instances(value: CimValue | undefined): readonly CimInstance[] {
  return Array.isArray(value) ? value.filter((item): item is CimInstance => isInstance(item as CimValue)) : [];
}

/** UUID of the volume that a storage setting names: by HostResource, by Address (its ACM name) or by either as plain text. */
function volumeOf(view: HostView, setting: CimInstance): string {
  const named = setting.get('HostResource');
  const resources: CimArray = isCimArray(named) ? named : [];
  const candidates = [...resources, setting.getString('Address')];
  for (const text of candidates) {
    if (typeof text !== 'string') continue;
    const id = /DeviceID="([^"]+)"/.exec(text)?.[1] ?? text;
    const volume = view.parts.inventory.volume(id) ?? view.parts.inventory.volumeByResource(id);
    if (volume !== undefined) return volume.uuid;
  }
  throw new CimError(4, 'a storage setting names no volume of this host in HostResource or Address');
}

/** The VLAN that an Ethernet setting names: `vlan:<id>`, the InstanceID of a TVDC_VLAN, or the number. */
function vlanOf(setting: CimInstance): number {
  const connection = setting.get('Connection');
  const text = Array.isArray(connection) && typeof connection[0] === 'string' ? connection[0] : '';
  const id = Number(/(\d+)$/.exec(text)?.[1] ?? Number.NaN);
  if (!Number.isInteger(id)) throw new CimError(4, 'an Ethernet setting names no VLAN in Connection');
  return id;
}

interface Devices {
  readonly volumes: readonly string[];
  readonly newVolumes: readonly VolumeSpec[];
  readonly vlans: readonly number[];
  readonly resourceLabels: readonly ResourceLabel[];
  readonly tpm: boolean;
  readonly memoryMiB: number | null;
  readonly processors: number | null;
}

function quantity(setting: CimInstance): number {
  const value = setting.get('VirtualQuantity');
  return typeof value === 'bigint' ? Number(value) : 1;
}

/** Resource settings as devices. @throws CimError 4 for a setting of a class that a virtual machine cannot have */
function readDevices(view: HostView, settings: readonly CimInstance[]): Devices {
  const volumes: string[] = [];
  const newVolumes: VolumeSpec[] = [];
  const vlans: number[] = [];
  const resourceLabels: ResourceLabel[] = [];
  let tpm = false;
  let memoryMiB: number | null = null;
  let processors: number | null = null;
  for (const setting of settings) {
    switch (setting.className.toLowerCase()) {
      case 'tvdc_storageallocationsettingdata':
        if (isNewVolume(setting)) {
          newVolumes.push(newVolumeOf(setting));
          break;
        }
        volumes.push(volumeOf(view, setting));
        resourceLabels.push(...labelOf(setting, { kind: 'volume', uuid: volumes.at(-1) ?? '' }));
        break;
      case 'tvdc_ethernetportallocationsettingdata':
        vlans.push(vlanOf(setting));
        resourceLabels.push(...labelOf(setting, { kind: 'vlan', id: vlans.at(-1) ?? 0 }));
        break;
      case 'tvdc_tpmallocationsettingdata':
        tpm = true;
        break;
      case 'tvdc_memoryallocationsettingdata':
        memoryMiB = quantity(setting);
        break;
      case 'tvdc_processorallocationsettingdata':
        processors = quantity(setting);
        break;
      default:
        throw new CimError(4, `a virtual machine cannot have a setting of class ${setting.className}`);
    }
  }
  return { volumes, newVolumes, vlans, resourceLabels, tpm, memoryMiB, processors };
}

function createVirtualMachine(view: HostView, paths: Paths): MethodFunction {
  return (context, _self, parameters) =>
    ownMethod(async () => {
      const memory = parameters['MemoryMiB'];
      const volumes = textList(parameters, 'Disks').map((text) => {
        const volume = view.parts.inventory.volume(text) ?? view.parts.inventory.volumeByResource(text);
        if (volume === undefined) throw new CimError(6, `no volume ${text} on this host`);
        return volume.uuid;
      });
      const vlans = parameters['VLANs'];
      const vm = await defineVm(view.parts, actorOf(context), {
        name: requiredText(parameters, 'Name'),
        label: optionalText(parameters, 'Label'),
        memoryMiB: memory === null || memory === undefined ? 256 : Number(memory),
        processors: 1,
        volumes,
        vlans: Array.isArray(vlans) ? vlans.map(Number) : [],
        tpm: parameters['WithTPM'] !== false,
        image: null,
        criticality: 'medium',
      });
      return { ResultingSystem: paths.vm(vm.uuid) };
    });
}

function defineSystem(view: HostView, paths: Paths): MethodFunction {
  return async (context, _self, parameters) => {
    const settings = parameters['SystemSettings'];
    if (!isInstance(settings))
      throw new CimError(4, 'SystemSettings must be an embedded TVDC_VirtualSystemSettingData');
    const devices = readDevices(view, instances(parameters['ResourceSettings']));
    const origin = parameters['ReferenceConfiguration'];
    if (isPath(origin)) {
      const copy = await cloneSystem(view, context, settings, devices, vmOfSettings(origin));
      return { returnValue: returnCodes.completed, out: { ResultingSystem: paths.vm(copy.uuid) } };
    }
    const spec: VmSpec = {
      name: settings.getString('ElementName') ?? settings.getString('VirtualSystemIdentifier') ?? '',
      label: settings.getString('SecurityLabel'),
      memoryMiB: devices.memoryMiB ?? 256,
      processors: devices.processors ?? 1,
      volumes: devices.volumes,
      newVolumes: devices.newVolumes,
      vlans: devices.vlans,
      resourceLabels: devices.resourceLabels,
      tpm: devices.tpm,
      image: null,
      criticality: 'medium',
      ...ratingOf(settings),
    };
    const vm = await asCimStatus(() => defineVm(view.parts, actorOf(context), spec));
    return { returnValue: returnCodes.completed, out: { ResultingSystem: paths.vm(vm.uuid) } };
  };
}

async function addDevices(
  view: HostView,
  context: ProviderContext,
  uuid: string,
  devices: Devices,
  paths: Paths,
): Promise<CimInstancePath[]> {
  const made: CimInstancePath[] = [];
  for (const volume of devices.volumes) {
    const disk = await attachDisk(view.parts, actorOf(context), uuid, volume);
    made.push(paths.byId('TVDC_StorageAllocationSettingData', deviceSettingsId(uuid, disk.id)));
  }
  for (const vlan of devices.vlans) {
    const port = await connectVlan(view.parts, actorOf(context), uuid, vlan);
    made.push(paths.byId('TVDC_EthernetPortAllocationSettingData', deviceSettingsId(uuid, port.id)));
  }
  return made;
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
      await asCimStatus(() => destroyVm(parts, actorOf(context), findVm(view, system).uuid));
      return { returnValue: returnCodes.completed };
    },
    AddResourceSettings: async (context, _self, parameters) => {
      const configuration = parameters['AffectedConfiguration'];
      if (!isPath(configuration))
        throw new CimError(4, 'AffectedConfiguration must name a TVDC_VirtualSystemSettingData');
      const devices = readDevices(view, instances(parameters['ResourceSettings']));
      if (devices.tpm || devices.memoryMiB !== null || devices.processors !== null) {
        throw new CimError(4, 'only disks and network interfaces can be added to a virtual machine');
      }
      if (devices.newVolumes.length > 0) throw new CimError(4, 'a storage setting names no volume of this host');
      const made = await asCimStatus(() => addDevices(view, context, vmOfSettings(configuration), devices, paths));
      return { returnValue: returnCodes.completed, out: { ResultingResourceSettings: made } };
    },
    RemoveResourceSettings: async (context, _self, parameters) => {
      const settings = parameters['ResourceSettings'];
      const named = Array.isArray(settings)
        ? settings.filter((item): item is CimInstancePath => isPath(item as CimValue))
        : [];
      await asCimStatus(async () => {
        for (const path of named) {
          const device = /^TVDC:[^/]+\/(.+)$/.exec(stringKey(path, 'InstanceID') ?? '')?.[1] ?? '';
          const uuid = vmOfSettings(path);
          const isDisk = path.className.toLowerCase() === 'tvdc_storageallocationsettingdata';
          await (isDisk ? detachDisk : disconnectPort)(parts, actorOf(context), uuid, device);
        }
      });
      return { returnValue: returnCodes.completed };
    },
  };

  return listProvider({
    className,
    namespace,
    rows: () => [parts.identity],
    values: () => serviceValues(paths, className, 'Virtual system management'),
    methods,
  });
}
