import { constants, createCipheriv, createECDH, publicEncrypt } from 'node:crypto';
import { ByteWriter, concatBytes, digestSizes, hmac, type Randomness } from '../../base/index.js';
import type { CredentialBlob } from '../client/index.js';
import { TpmEvidenceError } from '../errors.js';
import { type EccPublicArea, padLeft, type PublicArea, type RsaPublicArea, writeSized } from '../structures/index.js';
import { kdfA, kdfE } from './kdf.js';
import { curveFacts, pointOf, publicKeyOf } from './public-key.js';

const none = new Uint8Array(0);

/**
 * Encrypts a secret so that only the TPM with this endorsement key returns it, and only if the key named `akName` is in the same
 * TPM (TPM 2.0 Part 1, 24). No TPM is needed.
 * @throws TpmEvidenceError `key_unsupported` when the endorsement key is no storage key with AES in CFB mode, `credential_invalid`
 * for a secret longer than the key's digest
 */
export function makeCredential(
  ekPublic: PublicArea,
  akName: Uint8Array,
  secret: Uint8Array,
  randomness: Randomness,
): CredentialBlob {
  if ((ekPublic.kind !== 'rsa' && ekPublic.kind !== 'ecc') || ekPublic.symmetric === null) {
    throw new TpmEvidenceError('key_unsupported', 'expected a storage key with a symmetric cipher');
  }
  if (secret.length > digestSizes[ekPublic.nameAlgorithm]) {
    throw new TpmEvidenceError(
      'credential_invalid',
      `expected at most ${digestSizes[ekPublic.nameAlgorithm]} bytes of secret`,
    );
  }
  const { seed, encrypted } =
    ekPublic.kind === 'rsa' ? rsaSeed(ekPublic, 'IDENTITY', randomness) : eccSeed(ekPublic, 'IDENTITY');
  const plain = new ByteWriter(64);
  writeSized(plain, secret);
  const { cipher, integrity } = protectWithSeed(ekPublic, seed, akName, plain.finish());
  const blob = new ByteWriter(128);
  writeSized(blob, integrity);
  return { credentialBlob: blob.bytes(cipher).finish(), secret: encrypted };
}

/** Encrypt-then-MAC under a seed, as credentials and duplicated objects are (Part 1, 24.4). */
function protectWithSeed(
  parent: RsaPublicArea | EccPublicArea,
  seed: Uint8Array,
  name: Uint8Array,
  plain: Uint8Array,
): { readonly cipher: Uint8Array; readonly integrity: Uint8Array } {
  const algorithm = parent.nameAlgorithm;
  const bits = parent.symmetric?.keyBits ?? 128;
  const key = kdfA(algorithm, seed, 'STORAGE', name, none, bits);
  const aes = createCipheriv(`aes-${bits}-cfb`, key, new Uint8Array(16));
  const cipher = concatBytes(aes.update(plain), aes.final());
  const macKey = kdfA(algorithm, seed, 'INTEGRITY', none, none, digestSizes[algorithm] * 8);
  return { cipher, integrity: hmac(algorithm, macKey, concatBytes(cipher, name)) };
}

function rsaSeed(
  key: RsaPublicArea,
  label: string,
  randomness: Randomness,
): { readonly seed: Uint8Array; readonly encrypted: Uint8Array } {
  const seed = randomness.bytes(digestSizes[key.nameAlgorithm]);
  const encrypted = publicEncrypt(
    {
      key: publicKeyOf(key),
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: key.nameAlgorithm,
      oaepLabel: Buffer.from(`${label}\0`),
    },
    seed,
  );
  return { seed, encrypted: new Uint8Array(encrypted) };
}

function eccSeed(key: EccPublicArea, label: string): { readonly seed: Uint8Array; readonly encrypted: Uint8Array } {
  const { openssl, size } = curveFacts[key.curve];
  const ephemeral = createECDH(openssl);
  const point = ephemeral.generateKeys();
  const x = point.subarray(1, 1 + size);
  const y = point.subarray(1 + size);
  let z: Uint8Array;
  try {
    z = padLeft(ephemeral.computeSecret(pointOf(key.x, key.y, key.curve)), size);
  } catch (cause) {
    throw new TpmEvidenceError('key_unsupported', 'the endorsement key is no point of its curve', { cause });
  }
  const seed = kdfE(key.nameAlgorithm, z, label, x, padLeft(key.x, size), digestSizes[key.nameAlgorithm] * 8);
  const encrypted = new ByteWriter(80);
  writeSized(encrypted, x);
  writeSized(encrypted, y);
  return { seed, encrypted: encrypted.finish() };
}
