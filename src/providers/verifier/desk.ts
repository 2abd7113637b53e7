import type { ReferenceSet, Subject, Verdict } from '../../attestation/index.js';
import type { HostIdentity } from '../../vmm/index.js';
import type { Clock, Randomness } from '../../base/index.js';

/** A verdict with the name of its subject. */
export interface NamedVerdict {
  readonly name: string;
  readonly verdict: Verdict;
}

/** How the verifier judges: shown as TVDC_AttestationPolicy. */
export interface ShownPolicy {
  readonly name: string;
  readonly digest: string;
  readonly intervalSeconds: number;
}

/** What the verifier's object manager shows and does; the host of the verifier fills it. */
export interface AttestationDesk {
  readonly identity: HostIdentity;
  readonly namespace: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /**
   * Attests a host with its VMs, or one VM with its host.
   * @returns the verdict on the system named; null if no managed host knows it
   */
  attest(system: string, mode: 'quoted' | 'host_asserted' | 'vm_only'): Promise<NamedVerdict | null>;
  /**
   * Takes what an agent sends unasked.
   * @returns a sentence @throws CimError, EvidenceError
   */
  submit(system: string, start: number, data: Uint8Array): Promise<string>;
  /** Signed evidence behind a verdict, as JSON; null where none is kept. */
  exportEvidence(subject: Subject, verdictId: string): Promise<string | null>;
  /** Newest first, of all subjects. */
  verdicts(): readonly NamedVerdict[];
  verdict(id: string): NamedVerdict | undefined;
  acknowledge(subject: Subject, verdictId: string): Promise<boolean>;
  acknowledged(verdictId: string): boolean;
  referenceSets(): Promise<readonly (ReferenceSet & { readonly digest: string })[]>;
  policies(): readonly ShownPolicy[];
}
