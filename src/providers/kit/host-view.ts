import type { Grants } from '../../cimom/index.js';
import type { TpmClient } from '../../tpm/index.js';
import type { Domains, HostBoot, HostParts } from '../../vmm/index.js';

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

/** All that the CIM face of a host shows. */
export interface HostView {
  readonly parts: HostParts;
  readonly domains: Domains;
  readonly grants: Grants;
  readonly hostBoot: HostBoot;
  readonly hostTpm: HostTpmView;
  /** Namespace of the TVDC classes. */
  readonly namespace: string;
}
