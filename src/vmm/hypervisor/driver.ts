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

/** What a host has for its virtual machines. */
export interface HostCapacity {
  readonly memoryBytes: number;
  readonly processors: number;
}

/**
 * A hypervisor. It decides nothing: what brings a domain to life takes a permit that only the reference monitor can make.
 * Every call is idempotent: the state asked for may be there already. Every call ends: what takes too long is a failure.
 * @throws VmmError `driver_failed`
 */
export interface HypervisorDriver {
  readonly name: string;
  /** What the machine has under the hypervisor, whether in use or not. */
  capacity(): Promise<HostCapacity>;
  /** Makes a domain that is off run from its boot; takes a permit to start or to migrate in. */
  start(domain: DomainSpec, permit: Permit): Promise<void>;
  /** Ends a running or paused domain at once. */
  stop(uuid: string): Promise<void>;
  /** Asks the guest of a running domain to shut down and waits until it has. */
  shutDown(uuid: string): Promise<void>;
  pause(uuid: string): Promise<void>;
  unpause(uuid: string): Promise<void>;
  /** Writes memory of a running or paused domain to the host's disk and ends the domain. */
  save(uuid: string): Promise<void>;
  /** Makes a saved domain run on, also if it was paused when it was saved; takes a permit to resume. */
  restore(domain: DomainSpec, permit: Permit): Promise<void>;
  /** Removes what was saved. */
  discardSaved(uuid: string): Promise<void>;
  /**
   * The destination of a live migration gets ready for a domain that it does not have; takes a permit to migrate in.
   * @returns where the source's driver finds it, as {@link HypervisorDriver.sendOut} takes it; empty: memory goes with the caller
   */
  prepareIncoming(domain: DomainSpec, permit: Permit): Promise<string>;
  /**
   * The source: pauses a running or paused domain and gives its memory away, to `address` or, where that is empty, to the
   * caller. The domain stays, paused, and can be sent again, go on or be stopped.
   */
  sendOut(uuid: string, address: string): Promise<Uint8Array>;
  /**
   * The destination: the domain is there with the memory that was sent, paused, to go on or be stopped.
   * @param memory what {@link HypervisorDriver.sendOut} returned; takes a permit to migrate in
   */
  receive(domain: DomainSpec, memory: Uint8Array, permit: Permit): Promise<void>;
  /** Gives a running or paused domain a disk. */
  attachDisk(uuid: string, disk: DomainSpec['disks'][number]): Promise<void>;
  detachDisk(uuid: string, id: string): Promise<void>;
  /** Identifiers of the disks of a domain; none if it is off. */
  disksOf(uuid: string): Promise<readonly string[]>;
  stateOf(uuid: string): Promise<VmState>;
  /** What there is besides what is off. */
  domains(): Promise<ReadonlyMap<string, Exclude<VmState, 'off'>>>;
}
