import { type CimInstancePath, sameName, samePath, stringKey } from '../../cim/index.js';
import type { Caller } from '../../cimom/index.js';
import { type HostView, Paths } from '../kit/index.js';
import { allocationCapabilityPath } from '../pools/index.js';
import { type ResourceKind, resourceKinds } from '../systems/index.js';

/** A management profile of the DMTF with the elements of this host that conform to it. */
export interface Conformance {
  readonly name: string;
  readonly version: string;
  /** Names of the profiles that it builds on. */
  readonly references: readonly string[];
  /** Its central instances, as far as the caller sees them. */
  readonly central: (caller: Caller) => Iterable<CimInstancePath>;
  readonly isCentral: (path: CimInstancePath) => boolean;
}

const registration = 'Profile Registration';
const allocation = ['Resource Allocation', 'Allocation Capabilities'] as const;

/** Kinds of resources that no profile of their own describes here. */
const genericKinds: readonly ResourceKind[] = ['storage', 'ethernet', 'processor', 'tpm'];

/** What this host conforms to: DSP1042, DSP1057, DSP1041, DSP1043, DSP1059, DSP1045. */
export function conformances(view: HostView): readonly Conformance[] {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);

  const of = (elements: readonly CimInstancePath[]): Pick<Conformance, 'central' | 'isCentral'> => ({
    central: () => elements,
    isCentral: (path) => elements.some((element) => samePath(element, path)),
  });
  const poolsOf = (kinds: readonly ResourceKind[]) => of(kinds.map((kind) => paths.pool(kind)));

  return [
    {
      name: 'System Virtualization',
      version: '1.0.0',
      references: [
        registration,
        'Virtual System',
        ...allocation,
        'Generic Device Resource Virtualization',
        'Memory Resource Virtualization',
      ],
      ...of([paths.host()]),
    },
    {
      name: 'Virtual System',
      version: '1.0.0',
      references: [registration],
      *central(caller) {
        const isHidden = view.veil.hider(caller);
        for (const vm of parts.inventory.vms()) if (!isHidden(vm.uuid)) yield paths.vm(vm.uuid);
      },
      isCentral: (path) =>
        sameName(path.className, 'TVDC_ComputerSystem') &&
        (path.namespace === null || sameName(path.namespace, namespace)) &&
        parts.inventory.vm(stringKey(path, 'Name') ?? '') !== undefined,
    },
    { name: 'Resource Allocation', version: '1.1.0', references: [registration], ...poolsOf(resourceKinds) },
    {
      name: 'Allocation Capabilities',
      version: '1.0.0',
      references: [registration],
      ...of(resourceKinds.map((kind) => allocationCapabilityPath(paths, kind))),
    },
    {
      name: 'Generic Device Resource Virtualization',
      version: '1.0.0',
      references: [registration, ...allocation],
      ...poolsOf(genericKinds),
    },
    {
      name: 'Memory Resource Virtualization',
      version: '1.0.0',
      references: [registration, ...allocation],
      ...poolsOf(['memory']),
    },
  ];
}
