import type { Assurance } from '../../attestation/index.js';
import type { ConnectionOptions } from '../connection/index.js';

/** What `tvdc attest` and its verbs are told. */
export interface AttestCommandOptions extends ConnectionOptions {
  readonly state?: string;
  readonly anchor?: readonly string[];
  readonly assurance: Assurance;
  readonly policy?: string;
  readonly mode: 'quoted' | 'asserted' | 'vm';
  readonly act?: boolean;
  readonly dryRun?: boolean;
  readonly watch?: string | true;
  readonly verifier?: string;
  readonly verifierUser?: string;
  readonly verifierPasswordFile?: string;
  readonly verifierCacert?: string;
}
