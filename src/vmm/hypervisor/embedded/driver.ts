import { randomUUID } from 'node:crypto';
import { availableParallelism, totalmem } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { isPermit, type Permit } from '../../../acm/index.js';
import { prefixEnd, type Store } from '../../../store/index.js';
import { VmmError } from '../../errors.js';
import type { VmState } from '../../inventory/types.js';
import type { DomainSpec, HypervisorDriver } from '../driver.js';
import { decodeMemory, encodeMemory } from './memory.js';

interface Domain {
  readonly state: Exclude<VmState, 'off'>;
  readonly disks: readonly string[];
  /** Stands for the memory: made by a boot, kept as long as the domain lives, wherever it goes. */
  readonly memory?: string;
}

const prefix = 'embedded/';

function failed(sentence: string): VmmError {
  return new VmmError('driver_failed', [sentence]);
}

function demandPermit(permit: Permit, uuid: string, transitions: readonly Permit['transition'][]): void {
  if (!isPermit(permit, uuid) || !transitions.includes(permit.transition))
    throw failed(`no permit of the reference monitor for ${uuid}`);
}

/** Memory of this machine, or of the part of it in which this process lives. */
function memoryBytes(): number {
  const bound = process.constrainedMemory();
  return bound > 0 && bound < totalmem() ? bound : totalmem();
}

/**
 * A hypervisor without hardware: domains are records that survive this process, as domains of a real hypervisor do.
 * The boot of a domain, its measurements and its devices are real; only the processor is missing.
 * @param delay milliseconds that each change of a domain takes, as it does with a real one
 */
export function createEmbeddedHypervisor(store: Store, delay = 0): HypervisorDriver {
  const domainOf = (uuid: string): Domain | undefined => {
    const value = store.get('vmm', prefix + uuid);
    return typeof value === 'string' ? (JSON.parse(value) as Domain) : undefined;
  };

  const set = async (uuid: string, domain: Domain | null): Promise<void> => {
    if (delay > 0) await wait(delay);
    await store.transaction((tx) => {
      if (domain === null) tx.delete('vmm', prefix + uuid);
      else tx.put('vmm', prefix + uuid, JSON.stringify(domain));
    });
  };

  const change = async (uuid: string, from: readonly Domain['state'][], to: VmState): Promise<void> => {
    const domain = domainOf(uuid);
    if ((domain?.state ?? 'off') === to) return;
    if (domain === undefined || !from.includes(domain.state))
      throw failed(`domain ${uuid} is ${domain?.state ?? 'off'}`);
    await set(uuid, to === 'off' ? null : { ...domain, state: to });
  };

  const enter = async (spec: DomainSpec, from: VmState): Promise<void> => {
    const now = domainOf(spec.uuid)?.state ?? 'off';
    if (now === 'running') return;
    if (now !== from) throw failed(`domain ${spec.uuid} is ${now}`);
    const disks = spec.disks.map((disk) => disk.id);
    const memory = from === 'saved' ? domainOf(spec.uuid)?.memory : randomUUID();
    await set(spec.uuid, { state: 'running', disks, ...(memory === undefined ? {} : { memory }) });
  };

  return {
    name: 'embedded',
    capacity: async () => ({ memoryBytes: memoryBytes(), processors: availableParallelism() }),
    start: async (spec, permit) => {
      demandPermit(permit, spec.uuid, ['start', 'migrate_in']);
      await enter(spec, 'off');
    },
    restore: async (spec, permit) => {
      demandPermit(permit, spec.uuid, ['resume']);
      await enter(spec, 'saved');
    },
    stop: (uuid) => change(uuid, ['running', 'paused'], 'off'),
    shutDown: (uuid) => change(uuid, ['running'], 'off'),
    pause: (uuid) => change(uuid, ['running'], 'paused'),
    unpause: (uuid) => change(uuid, ['paused'], 'running'),
    save: (uuid) => change(uuid, ['running', 'paused'], 'saved'),
    discardSaved: (uuid) => change(uuid, ['saved'], 'off'),
    prepareIncoming: async (spec, permit) => {
      demandPermit(permit, spec.uuid, ['migrate_in']);
      if (domainOf(spec.uuid) !== undefined) throw failed(`domain ${spec.uuid} is here already`);
      return '';
    },
    sendOut: async (uuid) => {
      const domain = domainOf(uuid);
      if (domain === undefined || domain.state === 'saved') throw failed(`domain ${uuid} does not run`);
      if (domain.state === 'running') await set(uuid, { ...domain, state: 'paused' });
      return encodeMemory({ uuid, disks: domain.disks, memory: domain.memory ?? '' });
    },
    receive: async (spec, octets, permit) => {
      demandPermit(permit, spec.uuid, ['migrate_in']);
      const { uuid, disks, memory } = decodeMemory(octets);
      if (uuid !== spec.uuid) throw failed(`the memory is that of domain ${uuid}, not of ${spec.uuid}`);
      const wanted = new Set(spec.disks.map((disk) => disk.id));
      if (disks.length !== wanted.size || !disks.every((disk) => wanted.has(disk)))
        throw failed(`the memory of domain ${uuid} is that of a machine with other disks`);
      const here = domainOf(uuid);
      if (here !== undefined && (here.state !== 'paused' || here.memory !== memory))
        throw failed(`domain ${uuid} is ${here.state}`);
      if (here === undefined) await set(uuid, { state: 'paused', disks, memory });
    },
    attachDisk: async (uuid, disk) => {
      const domain = domainOf(uuid);
      if (domain === undefined || domain.state === 'saved') throw failed(`domain ${uuid} does not run`);
      if (!domain.disks.includes(disk.id)) await set(uuid, { ...domain, disks: [...domain.disks, disk.id] });
    },
    detachDisk: async (uuid, id) => {
      const domain = domainOf(uuid);
      if (domain?.disks.includes(id) !== true) return;
      await set(uuid, { ...domain, disks: domain.disks.filter((disk) => disk !== id) });
    },
    disksOf: async (uuid) => domainOf(uuid)?.disks ?? [],
    stateOf: async (uuid) => domainOf(uuid)?.state ?? 'off',
    domains: async () => {
      const out = new Map<string, Domain['state']>();
      for (const entry of store.range('vmm', prefix, prefixEnd(prefix), Number.MAX_SAFE_INTEGER)) {
        out.set(entry.key.slice(prefix.length), (JSON.parse(entry.value as string) as Domain).state);
      }
      return out;
    },
  };
}
