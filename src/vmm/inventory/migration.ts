import type { PolicyIdentity } from '../../acm/index.js';
import type { VirtualMachine } from './types.js';

/** What both ends of a migration keep of it until it is over. */
interface MigrationFacts {
  /** UUID that the source made for this one migration. */
  readonly id: string;
  /** As the source had it when it proposed; at the destination with the volumes of the destination. */
  readonly vm: VirtualMachine;
  /** Name of the other host among the configured peers. */
  readonly peer: string;
  /** Who wanted it. */
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly begun: number;
  /** SHA-256 of the proposal, hex: both ends mean the same. */
  readonly digest: string;
  /** What the source enforced when it proposed. */
  readonly policy: PolicyIdentity;
}

/**
 * A virtual machine that leaves. `proposed`: nothing has happened to it. `sending`: it stands still and the destination may
 * have its state. `aborting`: decided that it stays. `committed`: decided that it goes; from here there is no way back.
 * `leaving`: the destination has it, and what is left here is removed.
 */
export interface OutgoingMigration extends MigrationFacts {
  readonly direction: 'out';
  readonly phase: 'proposed' | 'sending' | 'aborting' | 'committed' | 'leaving';
}

/**
 * A virtual machine that is to come. `reserved`: its place is kept. `prepared`: all of it is here, and only the source knows
 * whether it may begin. `accepted`: it belongs to this host.
 */
export interface IncomingMigration extends MigrationFacts {
  readonly direction: 'in';
  readonly phase: 'reserved' | 'prepared' | 'accepted';
  /** Volumes of this host that somebody has written to, as the source says. */
  readonly used: readonly string[];
  /** SHA-256 of what was transferred, hex; null before. */
  readonly received: string | null;
}

/** A virtual machine on its way between two hosts: nothing else may touch it. */
export type Migration = OutgoingMigration | IncomingMigration;
