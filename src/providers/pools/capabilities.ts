import type { CimInstancePath } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import { mostMemoryMiB, mostProcessors } from '../../vmm/index.js';
import { associationProvider, elementFacts, type HostView, listProvider, Paths, type Values } from '../kit/index.js';
import {
  defaultSizes,
  enabledStates,
  type ResourceKind,
  resourceKinds,
  resourceTypes,
  resourceUnits,
  tpmResourceType,
} from '../systems/index.js';

const className = 'TVDC_AllocationCapabilities';
const limitClass = 'TVDC_AllocationLimitSettingData';

/** What a limit is; ValueRole and ValueRange of CIM_SettingsDefineCapabilities. */
const limitKinds = {
  default: { role: 0, range: 0 },
  minimum: { role: 3, range: 1 },
  maximum: { role: 3, range: 2 },
  increment: { role: 3, range: 3 },
} as const;
type LimitKind = keyof typeof limitKinds;
const limitNames = Object.keys(limitKinds) as readonly LimitKind[];

interface KindFacts {
  /** RequestTypesSupported: 2 names the resource, 3 asks for an amount. */
  readonly request: 2 | 3;
  /** SharingMode: 2 dedicated, 3 shared. */
  readonly sharing: 2 | 3;
  /** Whether a virtual machine that runs can get it or lose it. */
  readonly hot: boolean;
  /** Left out: there is no such limit. */
  readonly limits: Readonly<Partial<Record<LimitKind, number>>>;
}

/** What a virtual machine can be given of each kind, as the host's transitions have it. */
const facts: Readonly<Record<ResourceKind, KindFacts>> = {
  memory: {
    request: 3,
    sharing: 2,
    hot: false,
    limits: { default: defaultSizes.memoryMiB, minimum: 1, maximum: mostMemoryMiB, increment: 1 },
  },
  processor: {
    request: 3,
    sharing: 3,
    hot: false,
    limits: { default: defaultSizes.processors, minimum: 1, maximum: mostProcessors, increment: 1 },
  },
  // A disk shows a whole volume: its size is that of the volume.
  storage: {
    request: 2,
    sharing: 2,
    hot: true,
    limits: { minimum: 512, maximum: Number.MAX_SAFE_INTEGER, increment: 1 },
  },
  ethernet: { request: 2, sharing: 3, hot: true, limits: { default: 1, minimum: 1, maximum: 1, increment: 1 } },
  tpm: { request: 3, sharing: 2, hot: false, limits: { default: 1, minimum: 1, maximum: 1, increment: 1 } },
};

const hotStates = [enabledStates.running, enabledStates.off, enabledStates.paused];
const coldStates = [enabledStates.off];

interface Limit {
  readonly kind: ResourceKind;
  readonly name: LimitKind;
  readonly amount: number;
}

function* limits(): Iterable<Limit> {
  for (const kind of resourceKinds) {
    for (const name of limitNames) {
      const amount = facts[kind].limits[name];
      if (amount !== undefined) yield { kind, name, amount };
    }
  }
}

function typeFacts(kind: ResourceKind): Values {
  return { ResourceType: resourceTypes[kind][0], OtherResourceType: kind === 'tpm' ? tpmResourceType : null };
}

export function allocationCapabilityPath(paths: Paths, kind: ResourceKind): CimInstancePath {
  return paths.byId(className, paths.allocationId(kind));
}

/** TVDC_AllocationCapabilities of each pool with the limits that they set (DSP1043). */
export function allocationCapabilityProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);

  const idOf = (kind: ResourceKind): string => paths.allocationId(kind);
  const path = (kind: ResourceKind): CimInstancePath => allocationCapabilityPath(paths, kind);
  const limitId = ({ kind, name }: Limit): string => `${idOf(kind)}:${name}`;

  const capabilities = listProvider({
    className,
    namespace,
    rows: () => resourceKinds,
    values: (kind) => {
      const { request, sharing, hot } = facts[kind];
      return {
        InstanceID: idOf(kind),
        ...elementFacts(`Allocation of ${kind}`),
        ...typeFacts(kind),
        RequestTypesSupported: request,
        SharingMode: sharing,
        SupportedAddStates: hot ? [...hotStates] : [...coldStates],
        SupportedRemoveStates: hot ? [...hotStates] : [...coldStates],
      };
    },
  });

  const settings = listProvider({
    className: limitClass,
    namespace,
    rows: limits,
    values: (limit) => ({
      InstanceID: limitId(limit),
      ...elementFacts(`Allocation of ${limit.kind}: ${limit.name}`),
      ChangeableType: 0,
      ...typeFacts(limit.kind),
      AllocationUnits: resourceUnits[limit.kind].allocation,
      VirtualQuantity: BigInt(limit.amount),
      VirtualQuantityUnits: resourceUnits[limit.kind].virtual,
    }),
  });

  const define = associationProvider({
    className: 'TVDC_SettingsDefineCapabilities',
    namespace,
    *links() {
      for (const limit of limits()) {
        yield {
          GroupComponent: path(limit.kind),
          PartComponent: paths.byId(limitClass, limitId(limit)),
          PropertyPolicy: 0,
          ValueRole: limitKinds[limit.name].role,
          ValueRange: limitKinds[limit.name].range,
        };
      }
    },
  });

  const ofPools = associationProvider({
    className: 'CIM_ElementCapabilities',
    namespace,
    *links() {
      for (const kind of resourceKinds) {
        // Default: what the pool can do; the host as a whole can do the same.
        yield { ManagedElement: paths.pool(kind), Capabilities: path(kind), Characteristics: [2] };
        yield { ManagedElement: paths.host(), Capabilities: path(kind) };
      }
    },
  });

  return [capabilities, settings, define, ofPools];
}
