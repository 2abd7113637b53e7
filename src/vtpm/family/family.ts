import type { ExtendedEvent, PublicArea, TpmTransport } from '../../tpm/index.js';
import type { KeyKind, TpmKeys } from '../identity.js';

/** Versions of the TPM library specification that virtual TPMs follow. */
export const vtpmFamilies = ['2.0', '1.2'] as const;
export type VtpmFamily = (typeof vtpmFamilies)[number];

/** A TPM that is being made or changed by its host. */
export interface TpmInHand {
  readonly transport: TpmTransport;
  /** Power off and on; its next command is a startup. */
  powerCycle(): Promise<void>;
}

/** Identity of a TPM, and what its host must keep to use it. */
export interface ProvisionedTpm {
  readonly keys: TpmKeys;
  /** The attestation key as the TPM has wrapped it, where it does not keep it itself; else null. */
  readonly wrappedAk: Uint8Array | null;
}

/** How a host deals with a virtual TPM of one family. */
export interface FamilyRules {
  /** Makes the keys of a new TPM, and leaves its certificate where a guest looks for it. */
  provision(tpm: TpmInHand, kind: KeyKind, certify: (ekPublic: PublicArea) => Uint8Array): Promise<ProvisionedTpm>;
  /** First commands after power on. */
  startup(transport: TpmTransport): Promise<void>;
  /** Last command before power off. */
  shutdown(transport: TpmTransport): Promise<void>;
  /** Removes all that its owner had. Null: attestation key and wrapping are as before. */
  clear(tpm: TpmInHand, ekPublic: PublicArea): Promise<ProvisionedTpm | null>;
  /** How many events were extended. */
  extend(transport: TpmTransport, events: Iterable<ExtendedEvent>): Promise<number>;
  /** A certificate for the same key in the place of the one before. */
  writeCertificate(transport: TpmTransport, ekPublic: PublicArea, certificate: Uint8Array): Promise<void>;
}
