import { constants, createHash, createPublicKey, type KeyObject, publicDecrypt, X509Certificate } from 'node:crypto';
import { ConfigurationError, equalBytes, hash, type HashAlgorithm, messageOf } from '../../base/index.js';
import type { EntryFacts } from '../verify/index.js';
import { createEcdsaVerifier } from './ecdsa.js';
import type { KeyRing } from './policy.js';

// enum hash_algo of Linux (include/uapi/linux/hash_info.h), those that we can compute.
const kernelHashes = new Map<number, HashAlgorithm>([
  [2, 'sha1'],
  [4, 'sha256'],
  [5, 'sha384'],
  [6, 'sha512'],
]);

const digestInfoHeads: Readonly<Record<HashAlgorithm, string>> = {
  sha1: '3021300906052b0e03021a05000414',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/** The file digest that a signature is over. */
export type SignedDigest = Pick<EntryFacts, 'algorithm' | 'digestHex' | 'verity'>;

/** Keys by the identifier that IMA signatures name: the last four octets of the key's SHA-1. */
export interface FileKeys {
  /** `valid` needs a key of the rings; `foreign` is of another key; `bad` is malformed or wrong. */
  check(signature: Uint8Array, digest: SignedDigest): 'valid' | 'foreign' | 'bad';
}

/** The subjectPublicKey of a SubjectPublicKeyInfo: what key identifiers are computed over (RFC 5280, 4.2.1.2). */
function subjectPublicKey(key: KeyObject): Uint8Array {
  const spki = key.export({ type: 'spki', format: 'der' });
  // SEQUENCE { algorithm SEQUENCE, BIT STRING }: step over the first, into the second.
  const skip = (at: number): { readonly start: number; readonly end: number } => {
    const first = spki[at + 1] as number;
    const more = first < 0x80 ? 0 : first & 0x7f;
    let length = more === 0 ? first : 0;
    for (let n = 0; n < more; n++) length = length * 256 + (spki[at + 2 + n] as number);
    const start = at + 2 + more;
    return { start, end: start + length };
  };
  const algorithm = skip(skip(0).start);
  const bits = skip(algorithm.end);
  return spki.subarray(bits.start + 1, bits.end);
}

function keyOf(pem: string, ring: string): KeyObject {
  try {
    return pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
  } catch (error) {
    throw new ConfigurationError('bad_key', `key ring ${ring}: ${messageOf(error)}`, { cause: error });
  }
}

function verifyRsa(key: KeyObject, algorithm: HashAlgorithm, digest: Uint8Array, signature: Uint8Array): boolean {
  try {
    const recovered = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
    return equalBytes(recovered, Buffer.concat([Buffer.from(digestInfoHeads[algorithm], 'hex'), digest]));
  } catch {
    return false;
  }
}

/** Whether a signature is over a digest. */
type FileKey = (algorithm: HashAlgorithm, digest: Uint8Array, signature: Uint8Array) => boolean;

function fileKey(key: KeyObject, ring: string): FileKey {
  if (key.asymmetricKeyType === 'rsa') {
    return (algorithm, digest, signature) => verifyRsa(key, algorithm, digest, signature);
  }
  const verifier = createEcdsaVerifier(key);
  if (verifier !== null) return (_algorithm, digest, signature) => verifier(digest, signature);
  const kind = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'secret';
  throw new ConfigurationError('bad_key', `key ring ${ring}: neither RSA nor on P-256, P-384 or P-521, but ${kind}`);
}

// enum evm_ima_xattr_type and the versions of struct signature_v2_hdr (security/integrity/integrity.h of Linux 6).
const headSize = 9;
const fileSignature = 3;
const portableSignature = 5;
const veritySignature = 6;
const overDigest = 2;
/** Over the hash of { type, algorithm, digest } (struct ima_file_id). */
const overFileId = 3;

/**
 * IMA signatures (security.ima: version 2 over the file digest, version 3 over the identified digest of a file or an fs-verity
 * tree) against the rings. RSA and ECDSA on P-256, P-384 and P-521.
 * @throws ConfigurationError `bad_key`
 */
export function createFileKeys(rings: readonly KeyRing[]): FileKeys {
  const keys = new Map<string, FileKey[]>();
  for (const ring of rings) {
    for (const pem of ring.keys) {
      const key = keyOf(pem, ring.name);
      const id = createHash('sha1').update(subjectPublicKey(key)).digest().subarray(-4).toString('hex');
      keys.set(id, [...(keys.get(id) ?? []), fileKey(key, ring.name)]);
    }
  }
  return {
    check(signature, digest) {
      const [type, version, hashId] = signature;
      // Where a file has no signature of its own the kernel logs the portable one over its metadata, which the log does not hold.
      if (type === portableSignature) return 'foreign';
      const body = signature.subarray(headSize);
      const length = ((signature[7] as number) << 8) | (signature[8] as number);
      if (signature.length < headSize || length !== body.length) return 'bad';
      const direct = type === fileSignature && version === overDigest;
      const identified = (type === fileSignature || type === veritySignature) && version === overFileId;
      if (!direct && !identified) return 'bad';
      const candidates = keys.get(Buffer.from(signature.subarray(3, 7)).toString('hex'));
      if (candidates === undefined) return 'foreign';
      const algorithm = kernelHashes.get(hashId as number);
      if (algorithm === undefined) return 'foreign';
      if (algorithm !== digest.algorithm || (type === veritySignature) !== digest.verity) return 'bad';
      const value = Buffer.from(digest.digestHex, 'hex');
      const signed = direct ? value : hash(algorithm, Buffer.concat([Uint8Array.of(type, hashId as number), value]));
      return candidates.some((fits) => fits(algorithm, signed, body)) ? 'valid' : 'bad';
    },
  };
}
