import { type CimInstance, createInstance, stringKey } from '../../cim/index.js';
import type { Provider, ProviderContext } from '../../cimom/index.js';
import type { ResourceUse } from '../../vmm/index.js';
import { elementFacts, type HostView, operationalFacts, Paths, poolId, type Values } from '../kit/index.js';
import { type ResourceKind, resourceKinds, resourceTypes, resourceUnits, tpmResourceType } from '../systems/index.js';
import { SeenUse } from './seen-use.js';

const mebibyte = 1 << 20;

/** What a pool has and what of it is in use, in its units; null: nothing bounds it, or nothing is set aside. */
interface PoolNumbers {
  readonly capacity: bigint | null;
  readonly reserved: bigint | null;
  readonly consumed: bigint;
}

const poolNames: Readonly<Record<ResourceKind, string>> = {
  memory: 'Memory',
  processor: 'Processors',
  storage: 'Storage',
  ethernet: 'Network interfaces',
  tpm: 'Virtual TPMs',
};

async function numbersOf(view: HostView, kind: ResourceKind, use: ResourceUse): Promise<PoolNumbers> {
  const { hypervisor, storage } = view.parts;
  switch (kind) {
    case 'memory': {
      const { memoryBytes } = await hypervisor.capacity();
      const consumed = BigInt(use.memoryMiB);
      return { capacity: BigInt(Math.floor(memoryBytes / mebibyte)), reserved: consumed, consumed };
    }
    case 'processor':
      return {
        capacity: BigInt((await hypervisor.capacity()).processors),
        // Virtual processors share those of the host: none is set aside for one machine.
        reserved: null,
        consumed: BigInt(use.processors),
      };
    case 'storage': {
      const consumed = BigInt(use.volumeBytes);
      return { capacity: await storage.capacity(), reserved: consumed, consumed };
    }
    case 'ethernet':
      return { capacity: null, reserved: null, consumed: BigInt(use.ports) };
    case 'tpm':
      return { capacity: null, reserved: null, consumed: BigInt(use.tpms) };
  }
}

/** TVDC_ResourcePool: one for each kind of resource (DSP1041, DSP1045, DSP1059). */
export function poolProvider(view: HostView): Provider {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);
  const className = 'TVDC_ResourcePool';
  const seen = new SeenUse(view);

  const valuesOf = async (kind: ResourceKind, use: ResourceUse): Promise<Values> => {
    const { capacity, reserved, consumed } = await numbersOf(view, kind, use);
    return {
      InstanceID: paths.poolInstanceId(kind),
      ...elementFacts(poolNames[kind], 'What the host has of one kind of resource.'),
      ...operationalFacts(),
      PoolID: poolId(kind),
      Primordial: true,
      ResourceType: resourceTypes[kind][0],
      OtherResourceType: kind === 'tpm' ? tpmResourceType : null,
      AllocationUnits: resourceUnits[kind].allocation,
      ConsumedResourceUnits: resourceUnits[kind].virtual,
      Capacity: capacity,
      Reserved: reserved,
      CurrentlyConsumedResource: consumed,
    };
  };
  const make = async (context: ProviderContext, kind: ResourceKind, use: ResourceUse): Promise<CimInstance> =>
    createInstance(context.classes.get(className), await valuesOf(kind, use), { namespace });

  return {
    className,
    namespaces: [namespace],
    async *enumerate(context) {
      const use = seen.by(context.caller);
      yield await Promise.all(resourceKinds.map((kind) => make(context, kind, use)));
    },
    async get(context, path) {
      const id = stringKey(path, 'InstanceID');
      const kind = resourceKinds.find((candidate) => paths.poolInstanceId(candidate) === id);
      return kind === undefined ? null : make(context, kind, seen.by(context.caller));
    },
  };
}
