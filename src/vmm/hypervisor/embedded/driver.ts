import { isPermit, type Permit } from '../../../acm/index.js';
import { prefixEnd, type Store } from '../../../store/index.js';
import { VmmError } from '../../errors.js';
import type { VmState } from '../../inventory/types.js';
import type { DomainSpec, HypervisorDriver } from '../driver.js';

type DomainState = Exclude<VmState, 'off'>;

const prefix = 'embedded/';

/**
 * A hypervisor without hardware: domains are records that survive this process, as domains of a real hypervisor do.
 * The boot of a domain, its measurements and its devices are real; only the processor is missing.
 */
export function createEmbeddedHypervisor(store: Store): HypervisorDriver {
  const stateOf = (uuid: string): DomainState | undefined => store.get('vmm', prefix + uuid) as DomainState | undefined;

  const set = (uuid: string, state: DomainState | null): Promise<void> =>
    store.transaction((tx) => {
      if (state === null) tx.delete('vmm', prefix + uuid);
      else tx.put('vmm', prefix + uuid, state);
    });

  const change = async (uuid: string, from: readonly DomainState[], to: DomainState | null): Promise<void> => {
    const now = stateOf(uuid);
    if (now === to || (now === undefined && to === null)) return;
    if (now === undefined || !from.includes(now))
      throw new VmmError('driver_failed', [`domain ${uuid} is ${now ?? 'off'}`]);
    await set(uuid, to);
  };

  const demandPermit = (permit: Permit, uuid: string): void => {
    if (!isPermit(permit, uuid))
      throw new VmmError('driver_failed', [`no permit of the reference monitor for ${uuid}`]);
  };

  const enter = async (domain: DomainSpec, permit: Permit): Promise<void> => {
    demandPermit(permit, domain.uuid);
    await set(domain.uuid, 'running');
  };

  return {
    name: 'embedded',
    start: enter,
    restore: enter,
    stop: (uuid) => change(uuid, ['running', 'paused'], null),
    shutDown: (uuid) => change(uuid, ['running'], null),
    pause: (uuid) => change(uuid, ['running'], 'paused'),
    unpause: (uuid) => change(uuid, ['paused'], 'running'),
    save: (uuid) => change(uuid, ['running', 'paused'], 'saved'),
    discardSaved: (uuid) => change(uuid, ['saved'], null),
    attachDisk: async () => undefined,
    detachDisk: async () => undefined,
    domains: async () => {
      const out = new Map<string, DomainState>();
      for (const entry of store.range('vmm', prefix, prefixEnd(prefix), Number.MAX_SAFE_INTEGER)) {
        out.set(entry.key.slice(prefix.length), entry.value as DomainState);
      }
      return out;
    },
  };
}
