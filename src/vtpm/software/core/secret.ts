import { ByteReader, DecodeError, digestSizes } from '../../../base/index.js';
import { readSized } from '../../../tpm/index.js';
import { eccReceiveSeed } from '../crypto/ecc.js';
import { rsaDecryptSecret } from '../crypto/rsa.js';
import { privateKeyOf, type TpmObject } from './object.js';

/** Opens TPM2B_ENCRYPTED_SECRET for a key (TPM 2.0 Part 1, B.10 and C.6); null when it does not open. */
export function receiveSecret(object: TpmObject, label: string, encrypted: Uint8Array): Uint8Array | null {
  const { publicArea, sensitive } = object;
  const algorithm = publicArea.nameAlgorithm;
  if (publicArea.kind === 'rsa') return rsaDecryptSecret(privateKeyOf(object), algorithm, label, encrypted);
  if (publicArea.kind !== 'ecc' || sensitive === null) return null;
  const point = readPoint(encrypted);
  if (point === null) return null;
  const key = { scalar: sensitive.secret, x: publicArea.x, y: publicArea.y };
  return eccReceiveSeed(publicArea.curve, key, algorithm, label, point, digestSizes[algorithm] * 8);
}

function readPoint(bytes: Uint8Array): { readonly x: Uint8Array; readonly y: Uint8Array } | null {
  try {
    const reader = new ByteReader(bytes);
    const point = { x: readSized(reader, 66), y: readSized(reader, 66) };
    reader.end('TPMS_ECC_POINT');
    return point;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
