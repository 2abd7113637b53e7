import type { HashAlgorithm } from '../../base/index.js';

/** TPM_ALG_ID (TPM 2.0 Part 2, 6.3), the algorithms that this project meets. */
export const tpmAlgorithms = {
  rsa: 0x0001,
  sha1: 0x0004,
  hmac: 0x0005,
  aes: 0x0006,
  mgf1: 0x0007,
  keyedhash: 0x0008,
  xor: 0x000a,
  sha256: 0x000b,
  sha384: 0x000c,
  sha512: 0x000d,
  null: 0x0010,
  rsassa: 0x0014,
  rsaes: 0x0015,
  rsapss: 0x0016,
  oaep: 0x0017,
  ecdsa: 0x0018,
  ecdh: 0x0019,
  kdf1_sp800_56a: 0x0020,
  kdf1_sp800_108: 0x0022,
  ecc: 0x0023,
  symcipher: 0x0025,
  cfb: 0x0043,
} as const;
export type TpmAlgorithm = keyof typeof tpmAlgorithms;

/** TPM_ECC_CURVE (Part 2, 6.4). */
export const eccCurves = { 'nist-p256': 0x0003, 'nist-p384': 0x0004, 'nist-p521': 0x0005 } as const;
export type EccCurve = keyof typeof eccCurves;

const algorithmNames = new Map<number, TpmAlgorithm>(
  Object.entries(tpmAlgorithms).map(([name, id]) => [id, name as TpmAlgorithm]),
);
const curveNames = new Map<number, EccCurve>(Object.entries(eccCurves).map(([name, id]) => [id, name as EccCurve]));

/** Name of an algorithm identifier, or undefined. */
export function algorithmName(id: number): TpmAlgorithm | undefined {
  return algorithmNames.get(id);
}

/** Name of a curve identifier, or undefined. */
export function curveName(id: number): EccCurve | undefined {
  return curveNames.get(id);
}

/** The hash algorithm that an identifier stands for, or undefined. */
export function hashOfId(id: number): HashAlgorithm | undefined {
  switch (id) {
    case 0x0004:
      return 'sha1';
    case 0x000b:
      return 'sha256';
    case 0x000c:
      return 'sha384';
    case 0x000d:
      return 'sha512';
    default:
      return undefined;
  }
}
