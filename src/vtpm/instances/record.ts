import { fromBase64, toBase64 } from '../../base/index.js';
import { decodePublicArea, encodePublicArea, nameOf } from '../../tpm/index.js';
import { VtpmError } from '../errors.js';
import type { VtpmFamily } from '../family/index.js';
import type { VtpmBackend, VtpmIdentity } from './types.js';

/** What the index keeps of an instance. A running one is kept as `off`: without a process it is that. */
export interface InstanceRecord {
  readonly uuid: string;
  readonly vmUuid: string;
  readonly backend: VtpmBackend;
  /** Left out: 2.0. */
  readonly family?: VtpmFamily;
  /** The attestation key of a TPM 1.2, wrapped by that TPM; base64. */
  readonly wrappedAk?: string;
  readonly state: 'off' | 'suspended' | 'migrated';
  readonly created: number;
  readonly identity: VtpmIdentity;
  /** Fingerprint of the EK certificate that stands in the TPM's NV. */
  readonly certificateInNv: string;
}

/** An index entry as text. */
export function encodeRecord(record: InstanceRecord): string {
  const { identity } = record;
  return JSON.stringify({
    ...record,
    identity: {
      ekPublic: toBase64(encodePublicArea(identity.ekPublic)),
      akPublic: toBase64(encodePublicArea(identity.akPublic)),
      ekCertificateChain: identity.ekCertificateChain.map(toBase64),
      ekHandle: identity.ekHandle,
      akHandle: identity.akHandle,
    },
  });
}

interface EncodedIdentity {
  readonly ekPublic: string;
  readonly akPublic: string;
  readonly ekCertificateChain: readonly string[];
  readonly ekHandle: number;
  readonly akHandle: number;
}

/** @throws VtpmError `vtpm_state_invalid` */
export function decodeRecord(text: string): InstanceRecord {
  try {
    const record = JSON.parse(text) as Omit<InstanceRecord, 'identity'> & { readonly identity: EncodedIdentity };
    return { ...record, identity: decodeIdentity(record.identity) };
  } catch (cause) {
    throw new VtpmError('vtpm_state_invalid', 'an entry of the index of virtual TPMs cannot be read', { cause });
  }
}

function decodeIdentity({ ekPublic, akPublic, ekCertificateChain, ekHandle, akHandle }: EncodedIdentity): VtpmIdentity {
  const ek = decodePublicArea(fromBase64(ekPublic));
  const ak = decodePublicArea(fromBase64(akPublic));
  return {
    ekPublic: ek,
    ekName: nameOf(ek),
    akPublic: ak,
    akName: nameOf(ak),
    ekCertificateChain: ekCertificateChain.map(fromBase64),
    ekHandle,
    akHandle,
  };
}
