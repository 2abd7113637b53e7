/** TPMA_OBJECT (TPM 2.0 Part 2, 8.3). */
export const objectAttributes = {
  fixedTpm: 0x00000002,
  stClear: 0x00000004,
  fixedParent: 0x00000010,
  sensitiveDataOrigin: 0x00000020,
  userWithAuth: 0x00000040,
  adminWithPolicy: 0x00000080,
  noDa: 0x00000400,
  encryptedDuplication: 0x00000800,
  restricted: 0x00010000,
  decrypt: 0x00020000,
  sign: 0x00040000,
  x509sign: 0x00080000,
} as const;
export type ObjectAttribute = keyof typeof objectAttributes;

/** TPMA_NV (Part 2, 13.4); bits 4-7 are the type of the index. */
export const nvAttributes = {
  ppWrite: 0x00000001,
  ownerWrite: 0x00000002,
  authWrite: 0x00000004,
  policyWrite: 0x00000008,
  policyDelete: 0x00000400,
  writeLocked: 0x00000800,
  writeAll: 0x00001000,
  writeDefine: 0x00002000,
  writeStClear: 0x00004000,
  globalLock: 0x00008000,
  ppRead: 0x00010000,
  ownerRead: 0x00020000,
  authRead: 0x00040000,
  policyRead: 0x00080000,
  noDa: 0x02000000,
  orderly: 0x04000000,
  clearStClear: 0x08000000,
  readLocked: 0x10000000,
  written: 0x20000000,
  platformCreate: 0x40000000,
  readStClear: 0x80000000,
} as const;

/** TPM_NT: type of an NV index, in bits 4-7 of its attributes. */
export const nvTypes = { ordinary: 0, counter: 1, bits: 2, extend: 4 } as const;
export type NvType = keyof typeof nvTypes;

/** TPMA_SESSION (Part 2, 8.4). */
export const sessionAttributes = {
  continueSession: 0x01,
  auditExclusive: 0x02,
  auditReset: 0x04,
  decrypt: 0x20,
  encrypt: 0x40,
  audit: 0x80,
} as const;
