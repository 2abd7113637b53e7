import type { KeyObject } from 'node:crypto';
import type { Name } from './distinguished-name.js';

/** What makes a certificate that of a virtual TPM: the extension below {@link virtualTpmArc}. */
export interface VirtualTpmFacts {
  /** How the TPM is made: `software` or `swtpm`. */
  readonly backend: string;
  readonly vmUuid: string;
  readonly vtpmUuid: string;
}

/** For which host an issuing authority signs: the extension of its certificate. */
export interface HostFacts {
  readonly hostUuid: string;
  /** SHA-256 of the host's endorsement public key (SubjectPublicKeyInfo, DER), in hex; empty when the host has no TPM. */
  readonly hostEkHash: string;
}

/** TPM manufacturer, model and version from the subject alternative name (TCG EK Credential Profile, 3.1.2). */
export interface TpmModelFacts {
  readonly manufacturer: string;
  readonly model: string;
  readonly version: string;
}

/** TPM specification attribute (TCG EK Credential Profile, 3.1.3). */
export interface TpmSpecificationFacts {
  readonly family: string;
  readonly level: number;
  readonly revision: number;
}

/** What an AK certificate says of its key. */
export interface AttestationKeyFacts {
  readonly vmUuid: string;
  /** Name of the key (TPM 2.0 Part 1, 16), in hex. */
  readonly akName: string;
  /** SHA-256 of the endorsement public key's SubjectPublicKeyInfo, in hex. */
  readonly ekHash: string;
}

/** A certificate, read. Nothing in it is verified yet. */
export interface CertificateFacts {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly subject: Name;
  readonly issuer: Name;
  /** The subject's name as it is encoded. */
  readonly subjectDer: Uint8Array;
  /** Hex without leading zeros. */
  readonly serial: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly isCa: boolean;
  /** Null: no limit. */
  readonly pathLength: number | null;
  /** Names of RFC 5280, 4.2.1.3; null: no such extension. */
  readonly keyUsage: readonly string[] | null;
  /** Object identifiers; null: no such extension. */
  readonly extendedKeyUsage: readonly string[] | null;
  readonly publicKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeyDer: Uint8Array;
  readonly subjectKeyId: string | null;
  readonly authorityKeyId: string | null;
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint: string;
  readonly signatureAlgorithm: string;
  /** DNS names and IP addresses. */
  readonly names: readonly string[];
  /** Critical extensions that this reader does not know; {@link verifyChain} refuses them. */
  readonly unknownCritical: readonly string[];
  readonly tpmModel: TpmModelFacts | null;
  readonly tpmSpecification: TpmSpecificationFacts | null;
  readonly virtualTpm: VirtualTpmFacts | null;
  readonly host: HostFacts | null;
  readonly attestationKey: AttestationKeyFacts | null;
}

/** A revocation list, read. */
export interface CrlFacts {
  readonly der: Uint8Array;
  readonly issuer: Name;
  readonly number: bigint | null;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly authorityKeyId: string | null;
  /** Serials in hex without leading zeros. */
  readonly revoked: ReadonlyMap<string, { readonly time: number; readonly reason: RevocationReason }>;
}

/** CRLReason (RFC 5280, 5.3.1). */
export const revocationReasons = {
  unspecified: 0,
  keyCompromise: 1,
  caCompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const;
export type RevocationReason = keyof typeof revocationReasons;
