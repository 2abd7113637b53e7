import { fromBase64, toBase64 } from '../../base/index.js';
import { decodePublicArea, encodePublicArea, nameOf } from '../../tpm/index.js';
import { VtpmError } from '../errors.js';
import { type VtpmFamily, vtpmFamilies } from '../family/index.js';
import { type VtpmBackend, vtpmBackends, type VtpmIdentity } from './types.js';

const keptStates = ['off', 'suspended', 'migrated'] as const;

/** What the index keeps of an instance. A running one is kept as `off`: without a process it is that. */
export interface InstanceRecord {
  readonly uuid: string;
  readonly vmUuid: string;
  readonly backend: VtpmBackend;
  /** Left out: 2.0. */
  readonly family?: VtpmFamily;
  /** The attestation key of a TPM 1.2, wrapped by that TPM; base64. */
  readonly wrappedAk?: string;
  readonly state: (typeof keptStates)[number];
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

type EncodedRecord = Omit<InstanceRecord, 'identity'> & { readonly identity: EncodedIdentity };

/** Names are parts of keys of the store. */
function isName(text: unknown): boolean {
  return typeof text === 'string' && /^[\w-]{1,64}$/.test(text);
}

/** @throws VtpmError `vtpm_state_invalid` */
export function decodeRecord(text: string): InstanceRecord {
  try {
    const { identity, family, wrappedAk, ...record } = JSON.parse(text) as EncodedRecord;
    const { uuid, vmUuid, backend, state, created, certificateInNv } = record;
    const known =
      isName(uuid) &&
      isName(vmUuid) &&
      vtpmBackends.includes(backend) &&
      keptStates.includes(state) &&
      typeof created === 'number' &&
      typeof certificateInNv === 'string' &&
      (family === undefined || vtpmFamilies.includes(family)) &&
      (wrappedAk === undefined || typeof wrappedAk === 'string');
    if (!known) throw new TypeError('expected an entry of the index');
    return {
      uuid,
      vmUuid,
      backend,
      state,
      created,
      certificateInNv,
      ...(family === undefined ? {} : { family }),
      ...(wrappedAk === undefined ? {} : { wrappedAk }),
      identity: decodeIdentity(identity),
    };
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
