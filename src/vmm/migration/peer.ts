import type { HostIdentity } from '../inventory/index.js';
import type { MigrationProposal } from './proposal.js';
import type { Objection } from './refused.js';

/** What a destination promises. */
export interface Preparation {
  readonly host: HostIdentity;
  /** Offer of its virtual TPMs; null where the VM has none. */
  readonly offer: Uint8Array | null;
  /** Where its hypervisor waits for the memory; empty: it comes with the cargo. */
  readonly address: string;
}

/** Where a migration stands, as its destination says. `unknown`: it never heard of it, or has forgotten. */
export type ArrivalOutcome = 'here' | 'aborted' | 'unknown';

/** The same as its source says; without a record it was not decided for the destination. */
export type DepartureOutcome = 'undecided' | 'moved' | 'stayed';

/**
 * Another host, asked by this one. Every call may be repeated.
 * @throws MigrationRefusedError it said no @throws Error anything else: not known whether the call took effect
 */
export interface MigrationPeer {
  /** Name under which it is configured here. */
  readonly name: string;
  /** Whether anything answers there, be it with a refusal. Never throws. */
  answers(): Promise<boolean>;
  /** Who it is; for deciding whether it is to be trusted. */
  identify(): Promise<HostIdentity>;
  /** All that stands against a virtual machine there; changes nothing. */
  check(proposal: MigrationProposal): Promise<readonly Objection[]>;
  prepare(proposal: MigrationProposal): Promise<Preparation>;
  transfer(id: string, cargo: Uint8Array): Promise<void>;
  commit(id: string): Promise<ArrivalOutcome>;
  /** `here`: too late, somebody there has accepted it. */
  abort(id: string): Promise<ArrivalOutcome>;
  /** Asked of the source. */
  outcome(id: string): Promise<DepartureOutcome>;
}

/** The hosts with which virtual machines may be exchanged: no other is ever asked or listened to. */
export interface MigrationPeers {
  /** Names of all. */
  names(): readonly string[];
  find(name: string): MigrationPeer | undefined;
  /** The one that calls here under an account. */
  ofAccount(user: string): MigrationPeer | undefined;
  /** Whether a peer may be given a virtual machine: somebody who is to know has attested it, or the operator does without. */
  attest(peer: MigrationPeer, host: HostIdentity): Promise<{ readonly trusted: boolean; readonly sentence: string }>;
}
