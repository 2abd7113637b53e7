import type { Caller, Grants } from '../../cimom/index.js';
import type { TpmClient } from '../../tpm/index.js';
import type { Domains, HostBoot, HostParts, Jobs, Migrations } from '../../vmm/index.js';

/** The host's own TPM as providers need it. */
export interface HostTpmView {
  readonly uuid: string;
  /** What it is made of: `device`, `swtpm`, `software`. */
  readonly backend: string;
  readonly client: TpmClient;
  /** DER, the EK certificate first. */
  readonly ekCertificateChain: readonly Uint8Array[];
  readonly ekPublic: Uint8Array;
  readonly ekName: Uint8Array;
  readonly ekHandle: number;
  readonly akPublic: Uint8Array;
  readonly akName: Uint8Array;
  readonly akHandle: number;
}

/** What of other workloads a caller must not learn from names and sentences. */
export interface Veil {
  /**
   * Whether an element (by UUID, by name, as a resource, as `vlan:<id>`) is outside the caller's scope. So is what does not
   * exist, unless the caller sees everything.
   */
  hides(caller: Caller, element: string): boolean;
  /** Whether nothing of the host is hidden from the caller. */
  seesAll(caller: Caller): boolean;
  /** The same as `hides` for many elements at once. */
  hider(caller: Caller): (element: string) => boolean;
  /** The text with "another workload" in place of hidden elements. */
  cover(caller: Caller, text: string): string;
}

/** The accounts of the host, as an administrator handles them. Secrets go back to the caller and nowhere else. */
export interface AccountDesk {
  users(): readonly string[];
  /** @returns the random secret @throws AccountError `bad_user_name`, `account_exists` */
  create(user: string): Promise<string>;
  /** @param secret null: a random one @returns the random secret; null where one was given @throws AccountError */
  setSecret(user: string, secret: string | null): Promise<string | null>;
  /** @throws AccountError `no_such_account` */
  remove(user: string): Promise<void>;
}

/** All that the CIM face of a host shows. */
export interface HostView {
  readonly parts: HostParts;
  readonly domains: Domains;
  readonly jobs: Jobs;
  readonly migrations: Migrations;
  readonly grants: Grants;
  readonly accounts: AccountDesk;
  readonly hostBoot: HostBoot;
  readonly hostTpm: HostTpmView;
  readonly veil: Veil;
  /** Namespace of the TVDC classes. */
  readonly namespace: string;
}
