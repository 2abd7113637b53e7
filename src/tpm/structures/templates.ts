import { fromHex, type HashAlgorithm } from '../../base/index.js';
import { attributesOf, type EccPublicArea, type RsaPublicArea } from './public-area.js';

/** Policy of the default endorsement keys: PolicySecret(TPM_RH_ENDORSEMENT) (TCG EK Credential Profile, B.3). */
export const ekPolicySha256 = fromHex('837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa');

const ekCommon = {
  nameAlgorithm: 'sha256',
  attributes: attributesOf(
    'fixedTpm',
    'fixedParent',
    'sensitiveDataOrigin',
    'adminWithPolicy',
    'restricted',
    'decrypt',
  ),
  authPolicy: ekPolicySha256,
  symmetric: { algorithm: 'aes', keyBits: 128, mode: 'cfb' },
  scheme: null,
} as const;

/** Default EK template L-1: RSA 2048 (TCG EK Credential Profile, B.3.3). */
export const ekRsaTemplate: RsaPublicArea = {
  kind: 'rsa',
  ...ekCommon,
  keyBits: 2048,
  exponent: 0,
  unique: new Uint8Array(256),
};

/** Default EK template L-2: ECC NIST P-256 (TCG EK Credential Profile, B.3.4). */
export const ekEccTemplate: EccPublicArea = {
  kind: 'ecc',
  ...ekCommon,
  curve: 'nist-p256',
  x: new Uint8Array(32),
  y: new Uint8Array(32),
};

const akAttributes = attributesOf(
  'fixedTpm',
  'fixedParent',
  'sensitiveDataOrigin',
  'userWithAuth',
  'restricted',
  'sign',
);

/** An attestation key: restricted, signing only, ECDSA on NIST P-256. */
export const akEccTemplate: EccPublicArea = {
  kind: 'ecc',
  nameAlgorithm: 'sha256',
  attributes: akAttributes,
  authPolicy: new Uint8Array(0),
  symmetric: null,
  scheme: { algorithm: 'ecdsa', hash: 'sha256' },
  curve: 'nist-p256',
  x: new Uint8Array(32),
  y: new Uint8Array(32),
};

/** An attestation key: restricted, signing only, RSASSA with RSA 2048. */
export function akRsaTemplate(hash: HashAlgorithm = 'sha256'): RsaPublicArea {
  return {
    kind: 'rsa',
    nameAlgorithm: 'sha256',
    attributes: akAttributes,
    authPolicy: new Uint8Array(0),
    symmetric: null,
    scheme: { algorithm: 'rsassa', hash },
    keyBits: 2048,
    exponent: 0,
    unique: new Uint8Array(256),
  };
}

/** A storage root key: ECC NIST P-256, user authorization (TCG Provisioning Guidance, 7.5.1). */
export const srkEccTemplate: EccPublicArea = {
  kind: 'ecc',
  nameAlgorithm: 'sha256',
  attributes: attributesOf(
    'fixedTpm',
    'fixedParent',
    'sensitiveDataOrigin',
    'userWithAuth',
    'noDa',
    'restricted',
    'decrypt',
  ),
  authPolicy: new Uint8Array(0),
  symmetric: { algorithm: 'aes', keyBits: 128, mode: 'cfb' },
  scheme: null,
  curve: 'nist-p256',
  x: new Uint8Array(32),
  y: new Uint8Array(32),
};
