/** TPM_RC (TPM 2.0 Part 2, 6.6): format-zero errors (version 1) and warnings. */
export const plainResponseCodes = {
  TPM_RC_INITIALIZE: 0x100,
  TPM_RC_FAILURE: 0x101,
  TPM_RC_SEQUENCE: 0x103,
  TPM_RC_PRIVATE: 0x10b,
  TPM_RC_HMAC: 0x119,
  TPM_RC_DISABLED: 0x120,
  TPM_RC_EXCLUSIVE: 0x121,
  TPM_RC_AUTH_TYPE: 0x124,
  TPM_RC_AUTH_MISSING: 0x125,
  TPM_RC_POLICY: 0x126,
  TPM_RC_PCR: 0x127,
  TPM_RC_PCR_CHANGED: 0x128,
  TPM_RC_UPGRADE: 0x12d,
  TPM_RC_TOO_MANY_CONTEXTS: 0x12e,
  TPM_RC_AUTH_UNAVAILABLE: 0x12f,
  TPM_RC_REBOOT: 0x130,
  TPM_RC_UNBALANCED: 0x131,
  TPM_RC_COMMAND_SIZE: 0x142,
  TPM_RC_COMMAND_CODE: 0x143,
  TPM_RC_AUTHSIZE: 0x144,
  TPM_RC_AUTH_CONTEXT: 0x145,
  TPM_RC_NV_RANGE: 0x146,
  TPM_RC_NV_SIZE: 0x147,
  TPM_RC_NV_LOCKED: 0x148,
  TPM_RC_NV_AUTHORIZATION: 0x149,
  TPM_RC_NV_UNINITIALIZED: 0x14a,
  TPM_RC_NV_SPACE: 0x14b,
  TPM_RC_NV_DEFINED: 0x14c,
  TPM_RC_BAD_CONTEXT: 0x150,
  TPM_RC_CPHASH: 0x151,
  TPM_RC_PARENT: 0x152,
  TPM_RC_NEEDS_TEST: 0x153,
  TPM_RC_NO_RESULT: 0x154,
  TPM_RC_SENSITIVE: 0x155,
  TPM_RC_CONTEXT_GAP: 0x901,
  TPM_RC_OBJECT_MEMORY: 0x902,
  TPM_RC_SESSION_MEMORY: 0x903,
  TPM_RC_MEMORY: 0x904,
  TPM_RC_SESSION_HANDLES: 0x905,
  TPM_RC_OBJECT_HANDLES: 0x906,
  TPM_RC_LOCALITY: 0x907,
  TPM_RC_YIELDED: 0x908,
  TPM_RC_CANCELED: 0x909,
  TPM_RC_TESTING: 0x90a,
  TPM_RC_REFERENCE_H0: 0x910,
  TPM_RC_REFERENCE_H1: 0x911,
  TPM_RC_REFERENCE_H2: 0x912,
  TPM_RC_REFERENCE_S0: 0x918,
  TPM_RC_REFERENCE_S1: 0x919,
  TPM_RC_NV_RATE: 0x920,
  TPM_RC_LOCKOUT: 0x921,
  TPM_RC_RETRY: 0x922,
  TPM_RC_NV_UNAVAILABLE: 0x923,
} as const;

/** TPM_RC, format one: the low six bits with bit 7; which parameter, handle or session is in bits 6 and 8-11. */
export const placedResponseCodes = {
  TPM_RC_ASYMMETRIC: 0x081,
  TPM_RC_ATTRIBUTES: 0x082,
  TPM_RC_HASH: 0x083,
  TPM_RC_VALUE: 0x084,
  TPM_RC_HIERARCHY: 0x085,
  TPM_RC_KEY_SIZE: 0x087,
  TPM_RC_MGF: 0x088,
  TPM_RC_MODE: 0x089,
  TPM_RC_TYPE: 0x08a,
  TPM_RC_HANDLE: 0x08b,
  TPM_RC_KDF: 0x08c,
  TPM_RC_RANGE: 0x08d,
  TPM_RC_AUTH_FAIL: 0x08e,
  TPM_RC_NONCE: 0x08f,
  TPM_RC_PP: 0x090,
  TPM_RC_SCHEME: 0x092,
  TPM_RC_SIZE: 0x095,
  TPM_RC_SYMMETRIC: 0x096,
  TPM_RC_TAG: 0x097,
  TPM_RC_SELECTOR: 0x098,
  TPM_RC_INSUFFICIENT: 0x09a,
  TPM_RC_SIGNATURE: 0x09b,
  TPM_RC_KEY: 0x09c,
  TPM_RC_POLICY_FAIL: 0x09d,
  TPM_RC_INTEGRITY: 0x09f,
  TPM_RC_TICKET: 0x0a0,
  TPM_RC_RESERVED_BITS: 0x0a1,
  TPM_RC_BAD_AUTH: 0x0a2,
  TPM_RC_EXPIRED: 0x0a3,
  TPM_RC_POLICY_CC: 0x0a4,
  TPM_RC_BINDING: 0x0a5,
  TPM_RC_CURVE: 0x0a6,
  TPM_RC_ECC_POINT: 0x0a7,
} as const;

/** TPM 1.2 codes that a TPM 2.0 answers to frames it cannot read (Part 2, 6.6.2). */
export const legacyResponseCodes = { TPM_RC_BAD_TAG: 0x01e } as const;

export type TpmResponseCodeName =
  | keyof typeof plainResponseCodes
  | keyof typeof placedResponseCodes
  | keyof typeof legacyResponseCodes
  | 'TPM_RC_UNKNOWN';

/** To what part of the command a response code points; `number` counts from 1. */
export interface ResponseSubject {
  readonly kind: 'parameter' | 'handle' | 'session';
  readonly number: number;
}

const plainNames = new Map<number, TpmResponseCodeName>(
  [...Object.entries(plainResponseCodes), ...Object.entries(legacyResponseCodes)].map(([name, code]) => [
    code,
    name as TpmResponseCodeName,
  ]),
);
const placedNames = new Map<number, TpmResponseCodeName>(
  Object.entries(placedResponseCodes).map(([name, code]) => [code, name as TpmResponseCodeName]),
);

/** Reads a response code: its name and, for format one, to what it points. */
export function explainResponseCode(code: number): { name: TpmResponseCodeName; subject: ResponseSubject | null } {
  if ((code & 0x80) === 0) return { name: plainNames.get(code) ?? 'TPM_RC_UNKNOWN', subject: null };
  const name = placedNames.get(code & 0xbf) ?? 'TPM_RC_UNKNOWN';
  const number = (code >>> 8) & 0xf;
  if (number === 0) return { name, subject: null };
  if ((code & 0x40) !== 0) return { name, subject: { kind: 'parameter', number } };
  return number >= 8
    ? { name, subject: { kind: 'session', number: number - 8 } }
    : { name, subject: { kind: 'handle', number } };
}
