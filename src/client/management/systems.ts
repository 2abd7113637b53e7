import { TvdcError } from '../../base/index.js';
import { type CimInstancePath, stringKey } from '../../cim/index.js';
import type { WbemClient } from '../wbem/index.js';

/** A virtual machine as its host shows it. */
export interface ListedVm {
  readonly uuid: string;
  readonly name: string;
  readonly path: CimInstancePath;
  /** EnabledState: 2 running, 3 off, 6 saved, 9 paused. */
  readonly state: number;
  /** TimeOfLastStateChange as the host writes it. */
  readonly changed: string;
  readonly criticality: number;
}

/** A host with its virtual machines. */
export interface ListedSystems {
  readonly host: {
    readonly uuid: string;
    readonly name: string;
    readonly path: CimInstancePath;
    /** What the host says it enforces: digest of the policy and its own label. */
    readonly policy: string;
    readonly label: string;
  };
  readonly vms: readonly ListedVm[];
}

/** Host and virtual machines behind a management VM's object manager. @throws TvdcError `not_found` @throws CimError */
export async function listSystems(client: WbemClient, namespace: string, signal?: AbortSignal): Promise<ListedSystems> {
  const options = { namespace, ...(signal === undefined ? {} : { signal }) };
  const system = await client.instances('TVDC_HostSystem', options).first();
  if (system === undefined || system.path === null)
    throw new TvdcError('not_found', 'the server has no TVDC_HostSystem');
  const uuid = stringKey(system.path, 'Name') ?? '';
  const vms: ListedVm[] = [];
  for await (const vm of client.instances('TVDC_ComputerSystem', options)) {
    if (vm.path === null) continue;
    const changed = vm.get('TimeOfLastStateChange');
    vms.push({
      uuid: stringKey(vm.path, 'Name') ?? '',
      name: vm.getString('ElementName') ?? '',
      path: vm.path,
      state: vm.getNumber('EnabledState') ?? 0,
      changed: typeof changed === 'object' && changed !== null && 'text' in changed ? String(changed.text) : '',
      criticality: vm.getNumber('Criticality') ?? 3,
    });
  }
  return {
    host: {
      uuid,
      name: system.getString('ElementName') ?? uuid,
      path: system.path,
      policy: system.getString('PolicyDigest') ?? '',
      label: system.getString('SystemLabel') ?? '',
    },
    vms,
  };
}
