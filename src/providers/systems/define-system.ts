import { CimError, type CimInstance, isCimArray } from '../../cim/index.js';
import type { MethodFunction } from '../../cimom/index.js';
import {
  definitionJob,
  defineVm,
  isUuid,
  type JobControl,
  type ResourceLabel,
  type VirtualMachine,
  type VmSpec,
  type VolumeSpec,
} from '../../vmm/index.js';
import {
  actorOf,
  asCimStatus,
  type HostView,
  isPath,
  optionalText,
  ownMethod,
  type Paths,
  requiredText,
  startedOrDone,
  textList,
} from '../kit/index.js';
import { cloneSystem } from './clone-system.js';
import { isNewVolume, labelOf, newVolumeOf, ratingOf } from './definition.js';
import {
  isInstance,
  kindOfSetting,
  memoryMiBOf,
  processorsOf,
  type ResourceKind,
  vlanOf,
  volumeOf,
} from './resource-settings.js';
import { vmOfSettings } from './settings-ids.js';

/** What a virtual machine gets where nobody says otherwise. */
export const defaultSizes = { memoryMiB: 256, processors: 1 } as const;

/** TVDC_VirtualSystemManagementService.CreateVirtualMachine: the scalar twin of DefineSystem. */
export function createVirtualMachine(view: HostView, paths: Paths): MethodFunction {
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
        memoryMiB: memory === null || memory === undefined ? defaultSizes.memoryMiB : Number(memory),
        processors: defaultSizes.processors,
        volumes,
        vlans: Array.isArray(vlans) ? vlans.map(Number) : [],
        tpm: parameters['WithTPM'] !== false,
        image: null,
        criticality: 'medium',
      });
      return { ResultingSystem: paths.vm(vm.uuid) };
    });
}

interface Resources {
  readonly volumes: readonly string[];
  readonly newVolumes: readonly VolumeSpec[];
  readonly vlans: readonly number[];
  readonly resourceLabels: readonly ResourceLabel[];
  readonly tpm: boolean;
  readonly memoryMiB: number | null;
  readonly processors: number | null;
}

/** Resource settings as what a definition needs. @throws CimError 4 for what a virtual machine cannot have */
function readResources(view: HostView, settings: readonly CimInstance[]): Resources {
  const volumes: string[] = [];
  const newVolumes: VolumeSpec[] = [];
  const vlans: number[] = [];
  const resourceLabels: ResourceLabel[] = [];
  const single = new Map<ResourceKind, CimInstance>();
  for (const setting of settings) {
    const kind = kindOfSetting(setting);
    if (kind === 'storage' && isNewVolume(setting)) {
      newVolumes.push(newVolumeOf(setting));
    } else if (kind === 'storage') {
      const uuid = volumeOf(view, setting);
      volumes.push(uuid);
      resourceLabels.push(...labelOf(setting, { kind: 'volume', uuid }));
    } else if (kind === 'ethernet') {
      const id = vlanOf(setting);
      vlans.push(id);
      resourceLabels.push(...labelOf(setting, { kind: 'vlan', id }));
    } else {
      if (single.has(kind)) throw new CimError(4, `a virtual machine has one setting of the kind ${kind}`);
      single.set(kind, setting);
    }
  }
  const memory = single.get('memory');
  const processor = single.get('processor');
  return {
    volumes,
    newVolumes,
    vlans,
    resourceLabels,
    tpm: single.has('tpm'),
    memoryMiB: memory === undefined ? null : memoryMiBOf(memory),
    processors: processor === undefined ? null : processorsOf(processor),
  };
}

/** A VirtualSystemIdentifier that is a UUID is the one the machine shall have, another is a name where there is none. */
function specOf(settings: CimInstance, resources: Resources): VmSpec {
  const identifier = settings.getString('VirtualSystemIdentifier') ?? '';
  const isIdentity = isUuid(identifier);
  return {
    ...resources,
    ...(isIdentity ? { uuid: identifier } : {}),
    name: settings.getString('ElementName') ?? (isIdentity ? '' : identifier),
    label: settings.getString('SecurityLabel'),
    memoryMiB: resources.memoryMiB ?? defaultSizes.memoryMiB,
    processors: resources.processors ?? defaultSizes.processors,
    image: null,
    criticality: 'medium',
    ...ratingOf(settings),
  };
}

/** CIM_VirtualSystemManagementService.DefineSystem: a virtual machine with its volumes and labels, as one act. */
export function defineSystem(view: HostView, paths: Paths): MethodFunction {
  return async (context, _self, parameters) => {
    const settings = parameters['SystemSettings'];
    if (!isInstance(settings))
      throw new CimError(4, 'SystemSettings must be an embedded TVDC_VirtualSystemSettingData');
    const type = settings.getString('VirtualSystemType');
    if (type !== null && type !== virtualSystemType(view))
      throw new CimError(4, `this host has virtual systems of type ${virtualSystemType(view)} only, not ${type}`);
    const given = parameters['ResourceSettings'];
    const embedded = given !== undefined && isCimArray(given) ? given.filter((item) => isInstance(item)) : [];
    const resources = readResources(view, embedded);
    const origin = parameters['ReferenceConfiguration'];
    const actor = actorOf(context);
    const spec = specOf(settings, resources);
    const make = async (control: JobControl): Promise<VirtualMachine> => {
      const vm = isPath(origin)
        ? await cloneSystem(view, context, settings, resources, vmOfSettings(origin))
        : await defineVm(view.parts, actor, spec);
      control.affects({ kind: 'vm', id: vm.uuid });
      return vm;
    };
    return asCimStatus(() =>
      startedOrDone(view, context, definitionJob(actor, spec.name), make, ({ uuid }) => ({
        ResultingSystem: paths.vm(uuid),
      })),
    );
  };
}

/** VirtualSystemType of the virtual machines of this host. */
export function virtualSystemType(view: HostView): string {
  return `TVDC:${view.parts.hypervisor.name}`;
}
