import { constants, sign } from 'node:crypto';
import { ByteWriter, concatBytes, hash, hmac, type HashAlgorithm } from '../../../base/index.js';
import {
  type Attested,
  encodeAttest,
  hasAttributes,
  type Hierarchy,
  isSigningScheme,
  type SigningScheme,
  structureTags,
  tpmAlgorithms,
  type TpmSignature,
  tpmHandles,
  writeSignature,
  writeSized,
} from '../../../tpm/index.js';
import { ecdsaSignDigest } from '../crypto/ecc.js';
import { rsassaSignDigest } from '../crypto/rsa.js';
import type { Engine } from './engine.js';
import { failHandle, failParameter } from './failure.js';
import { privateKeyOf, type TpmObject } from './object.js';

/** Firmware version that this TPM reports: 1.0 of the software. */
export const firmwareVersion = 0x0001000000000000n;

/** Key and scheme of a signing command; the key's own scheme wins, and must agree with the one asked for. */
export interface Signer {
  readonly object: TpmObject;
  readonly scheme: SigningScheme;
}

/**
 * @param position of the key's handle, from 1
 * @param parameter number of the scheme's parameter
 */
export function signerOf(
  engine: Engine,
  handle: number,
  asked: SigningScheme | null,
  position: number,
  parameter: number,
): Signer {
  if (handle === tpmHandles.null) failParameter('TPM_RC_SCHEME', parameter);
  const object = engine.object(handle);
  const { publicArea } = object;
  if (publicArea.kind !== 'rsa' && publicArea.kind !== 'ecc') failHandle('TPM_RC_KEY', position);
  if (!hasAttributes(publicArea, 'sign') || object.sensitive === null) failHandle('TPM_RC_KEY', position);
  const own = publicArea.scheme;
  const scheme = own === null ? asked : own;
  if (scheme === null || !isSigningScheme(scheme)) failParameter('TPM_RC_SCHEME', parameter);
  if (asked !== null && (asked.algorithm !== scheme.algorithm || asked.hash !== scheme.hash))
    failParameter('TPM_RC_SCHEME', parameter);
  if ((scheme.algorithm === 'ecdsa') !== (publicArea.kind === 'ecc')) failParameter('TPM_RC_SCHEME', parameter);
  return { object, scheme };
}

/** Signs octets. */
export function signMessage({ object, scheme }: Signer, message: Uint8Array): TpmSignature {
  const key = privateKeyOf(object);
  switch (scheme.algorithm) {
    case 'ecdsa': {
      const joined = new Uint8Array(sign(scheme.hash, message, { key, dsaEncoding: 'ieee-p1363' }));
      const half = joined.length / 2;
      return { kind: 'ecdsa', hash: scheme.hash, r: joined.subarray(0, half), s: joined.subarray(half) };
    }
    case 'rsassa':
      return { kind: 'rsassa', hash: scheme.hash, signature: sign(scheme.hash, message, key) };
    case 'rsapss': {
      const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
      return { kind: 'rsapss', hash: scheme.hash, signature: sign(scheme.hash, message, options) };
    }
  }
}

/** Signs a digest that is there already. RSAPSS signs messages only. */
export function signDigest(engine: Engine, { object, scheme }: Signer, digest: Uint8Array): TpmSignature {
  const { publicArea, sensitive } = object;
  if (publicArea.kind === 'ecc' && sensitive !== null) {
    const { r, s } = ecdsaSignDigest(publicArea.curve, sensitive.secret, digest, (length) =>
      engine.randomness.bytes(length),
    );
    return { kind: 'ecdsa', hash: scheme.hash, r, s };
  }
  if (scheme.algorithm !== 'rsassa') failParameter('TPM_RC_SCHEME', 2);
  return { kind: 'rsassa', hash: scheme.hash, signature: rsassaSignDigest(privateKeyOf(object), scheme.hash, digest) };
}

/** TPMS_ATTEST, signed: what all attestation commands answer. */
export function writeAttestation(
  out: ByteWriter,
  engine: Engine,
  signer: Signer,
  extraData: Uint8Array,
  attested: Attested,
): void {
  const clockInfo = engine.clockInfo();
  const obfuscated = obfuscation(engine, signer.object);
  const bytes = encodeAttest({
    qualifiedSigner: signer.object.qualifiedName,
    extraData,
    clockInfo: {
      ...clockInfo,
      resetCount: (clockInfo.resetCount + obfuscated.reset) >>> 0,
      restartCount: (clockInfo.restartCount + obfuscated.restart) >>> 0,
    },
    firmwareVersion: BigInt.asUintN(64, firmwareVersion + obfuscated.firmware),
    attested,
  });
  writeSized(out, bytes);
  writeSignature(out, signMessage(signer, bytes));
}

/** Keys outside the endorsement and platform hierarchies do not show the TPM's history (Part 1, 36.7). */
function obfuscation(
  engine: Engine,
  object: TpmObject,
): { readonly firmware: bigint; readonly reset: number; readonly restart: number } {
  if (object.hierarchy === 'endorsement' || object.hierarchy === 'platform')
    return { firmware: 0n, reset: 0, restart: 0 };
  const { proof } = engine.permanent.hierarchies.owner;
  const mask = new DataView(
    Uint8Array.from(hmac('sha256', proof, concatBytes(Buffer.from('OBFUSCATE\0'), object.qualifiedName))).buffer,
  );
  return { firmware: mask.getBigUint64(0), reset: mask.getUint32(8), restart: mask.getUint32(12) };
}

/** Proof that this TPM hashed a message (Part 2, 10.7.6). */
export function hashTicket(
  engine: Engine,
  hierarchy: Hierarchy,
  algorithm: HashAlgorithm,
  digest: Uint8Array,
): Uint8Array {
  const head = new ByteWriter(4).u16(structureTags.hashcheck).u16(tpmAlgorithms[algorithm]).finish();
  return hmac('sha256', engine.permanent.hierarchies[hierarchy].proof, concatBytes(head, digest));
}

/** Digest of what is quoted, with the hash of the signing scheme. */
export function quoteDigest(
  engine: Engine,
  algorithm: HashAlgorithm,
  selection: Parameters<Engine['volatile']['pcrs']['concatenated']>[0],
): Uint8Array {
  return hash(algorithm, engine.volatile.pcrs.concatenated(selection));
}
