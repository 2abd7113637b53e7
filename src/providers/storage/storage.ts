import { CimDateTime, CimError, type CimInstance, type CimInstancePath, stringKey } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import {
  createVolume,
  deleteVolume,
  type Disk,
  erasureJob,
  eraseVolume,
  type VirtualMachine,
  type Volume,
} from '../../vmm/index.js';
import {
  actorOf,
  asCimStatus,
  associationProvider,
  elementFacts,
  type HostView,
  linksByVm,
  listProvider,
  operationalFacts,
  Paths,
  requiredPath,
  returnCodes,
  serviceValues,
  startedOrDone,
  vmOfPath,
} from '../kit/index.js';
import { deviceState } from '../systems/index.js';

const blockSize = 512;
/** ElementType and ErasureMethod of the one erasure that there is. */
const ofVolume = 1;
const overwrite = 'Overwrite';

/** @throws CimError 4 */
function sizeOf(instance: CimInstance, property: 'BlockSize' | 'NumberOfBlocks'): bigint {
  const value = instance.get(property);
  if (typeof value === 'bigint') return value;
  if (property === 'BlockSize') return BigInt(blockSize);
  throw new CimError(4, 'a new volume needs its size: NumberOfBlocks, of BlockSize bytes each');
}

/** Volumes, the disks that virtual machines see of them, and the service that erases. */
export function storageProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);

  const volumeIdOf = (path: CimInstancePath): string => stringKey(path, 'DeviceID') ?? '';

  const listed = listProvider({
    className: 'TVDC_StorageVolume',
    namespace,
    rows: () => parts.inventory.volumes(),
    find: (path) => parts.inventory.volume(volumeIdOf(path)),
    values: (volume) => ({
      ...paths.deviceKeys('TVDC_StorageVolume', 'host', volume.uuid),
      Name: volume.resource,
      NameFormat: 1,
      NameNamespace: 1,
      ...elementFacts(volume.name, 'A volume that virtual machines may use as a disk.'),
      ...operationalFacts(),
      EnabledState: 2,
      BlockSize: BigInt(blockSize),
      NumberOfBlocks: BigInt(Math.ceil(volume.sizeBytes / blockSize)),
      SanitizedTime: volume.erasedAt === null ? null : CimDateTime.fromUnix(volume.erasedAt),
    }),
    delete: (context, path) => asCimStatus(() => deleteVolume(parts, actorOf(context), volumeIdOf(path))),
  });
  const volumes: Provider = {
    ...listed,
    async create(context, instance) {
      const sizeBytes = Number(sizeOf(instance, 'BlockSize') * sizeOf(instance, 'NumberOfBlocks'));
      const name = instance.getString('ElementName') ?? '';
      return paths.volume(await asCimStatus(() => createVolume(parts, actorOf(context), name, sizeBytes)));
    },
  };

  function* disks(): Iterable<{ readonly vm: VirtualMachine; readonly disk: Disk }> {
    for (const vm of parts.inventory.vms()) for (const disk of vm.disks) yield { vm, disk };
  }

  const logicalDisks = listProvider({
    className: 'TVDC_LogicalDisk',
    namespace,
    rows: disks,
    find: (path) => {
      const vm = parts.inventory.vm(vmOfPath(path) ?? '');
      const disk = vm?.disks.find(({ id }) => id === stringKey(path, 'DeviceID'));
      return vm === undefined || disk === undefined ? undefined : { vm, disk };
    },
    values: ({ vm, disk }) => {
      const volume = parts.inventory.volume(disk.volume);
      return {
        ...paths.deviceKeys('TVDC_LogicalDisk', vm.uuid, disk.id),
        Name: volume?.resource ?? '',
        ...elementFacts(`${vm.name} ${volume?.name ?? 'disk'}`, 'A disk of a virtual machine.'),
        ...operationalFacts(volume !== undefined),
        EnabledState: deviceState(vm),
      };
    },
  });

  const link = (vm: VirtualMachine, disk: Disk, volume: Volume) => ({
    Antecedent: paths.volume(volume),
    Dependent: paths.device('TVDC_LogicalDisk', vm.uuid, disk.id),
  });
  const basedOn = associationProvider({
    className: 'TVDC_DiskOnVolume',
    namespace,
    ...linksByVm(
      parts.inventory,
      function* (vm) {
        for (const disk of vm.disks) {
          const volume = parts.inventory.volume(disk.volume);
          if (volume !== undefined) yield link(vm, disk, volume);
        }
      },
      function* (object) {
        const volume = parts.inventory.volume(volumeIdOf(object));
        if (volume === undefined) return;
        for (const vm of parts.inventory.usersOf(volume.uuid)) {
          for (const disk of vm.disks) if (disk.volume === volume.uuid) yield link(vm, disk, volume);
        }
      },
    ),
  });

  const className = 'TVDC_StorageErasureService';
  const erasure = listProvider({
    className,
    namespace,
    rows: () => [parts.identity],
    values: () => serviceValues(paths, className, 'Storage erasure'),
    methods: {
      Erase: async (context, _self, parameters) => {
        const element = requiredPath(parameters, 'Element');
        if (element.className.toLowerCase() !== 'tvdc_storagevolume')
          throw new CimError(4, 'Element must name a TVDC_StorageVolume');
        const { ElementType: type = null, ErasureMethod: method = null } = parameters;
        if (type !== null && type !== ofVolume) return { returnValue: returnCodes.invalidParameter };
        if (method !== null && method !== overwrite) return { returnValue: returnCodes.invalidParameter };
        const volume = parts.inventory.volume(volumeIdOf(element));
        if (volume === undefined) throw new CimError(6, `no volume ${volumeIdOf(element)} on this host`);
        const actor = actorOf(context);
        return asCimStatus(() =>
          startedOrDone(view, context, erasureJob(actor, volume), (control) =>
            eraseVolume(parts, actor, volume.uuid, control),
          ),
        );
      },
    },
  });

  return [volumes, logicalDisks, basedOn, erasure];
}
