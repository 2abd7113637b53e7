import type { Permit } from '../../acm/index.js';
import type { VmState } from '../inventory/types.js';

/** What a driver needs to know of a virtual machine. */
export interface DomainSpec {
  readonly uuid: string;
  readonly name: string;
  readonly memoryMiB: number;
  readonly processors: number;
  readonly disks: readonly { readonly id: string; readonly path: string }[];
  readonly ports: readonly { readonly id: string; readonly mac: string; readonly bridge: string }[];
}

/**
 * A hypervisor. It decides nothing: what brings a domain to life takes a permit that only the reference monitor can make.
 * Every call is idempotent: the state asked for may be there already.
 * @throws VmmError `driver_failed`
 */
export interface HypervisorDriver {
  readonly name: string;
  /** Makes the domain run from its boot. */
  start(domain: DomainSpec, permit: Permit): Promise<void>;
  /** Ends the domain at once. */
  stop(uuid: string): Promise<void>;
  /** Asks the guest to shut down and waits until it has. */
  shutDown(uuid: string): Promise<void>;
  pause(uuid: string): Promise<void>;
  unpause(uuid: string): Promise<void>;
  /** Writes memory to the host's disk and ends the domain. */
  save(uuid: string): Promise<void>;
  restore(domain: DomainSpec, permit: Permit): Promise<void>;
  /** Removes what was saved. */
  discardSaved(uuid: string): Promise<void>;
  attachDisk(uuid: string, disk: DomainSpec['disks'][number]): Promise<void>;
  detachDisk(uuid: string, id: string): Promise<void>;
  /** What there is besides what is off. */
  domains(): Promise<ReadonlyMap<string, Exclude<VmState, 'off'>>>;
}
