/** Ordinals of commands (TPM Main 1.2 Part 2, 17; 0x4… are those of the connection, TCG PC Client TIS). */
export const ordinals12 = {
  oiap: 0x0a,
  osap: 0x0b,
  takeOwnership: 0x0d,
  extend: 0x14,
  pcrRead: 0x15,
  quote: 0x16,
  quote2: 0x3e,
  loadKey2: 0x41,
  continueSelfTest: 0x53,
  forceClear: 0x5d,
  getCapability: 0x65,
  physicalEnable: 0x6f,
  physicalSetDeactivated: 0x72,
  createEndorsementKeyPair: 0x78,
  makeIdentity: 0x79,
  readPubek: 0x7c,
  ownerReadInternalPub: 0x81,
  startup: 0x99,
  flushSpecific: 0xba,
  nvDefineSpace: 0xcc,
  nvWriteValue: 0xcd,
  nvReadValue: 0xcf,
  physicalPresence: 0x4000000a,
} as const;
export type Command12 = keyof typeof ordinals12;

/** Tags of frames and structures (Part 2, 3 and 6). */
export const tags12 = {
  command: 0xc1,
  commandAuth1: 0xc2,
  commandAuth2: 0xc3,
  response: 0xc4,
  nvAttributes: 0x17,
  nvDataPublic: 0x18,
  quoteInfo2: 0x36,
} as const;

/** Permanent handles (Part 2, 4.4.1). */
export const handles12 = { srk: 0x40000000, owner: 0x40000001, ek: 0x40000006 } as const;

/** TPM_ENTITY_TYPE (Part 2, 4.3). */
export const entities12 = { keyHandle: 1, owner: 2, srk: 4 } as const;

/** Bits of TPM_PHYSICAL_PRESENCE (Part 2, 4.9). */
export const presence12 = { commandEnable: 0x20, present: 0x08, notPresent: 0x10, lock: 0x04 } as const;

/** NV index of the EK certificate: TPM_NV_INDEX_EKCert with the D bit (Part 2, 19.1.2), and the one that locks NV. */
export const nvIndices12 = { ekCertificate: 0x1000f000, lock: 0xffffffff } as const;

/** Return codes (Part 2, 16) that users of this client meet. */
export const returnCodes12 = {
  TPM_AUTHFAIL: 1,
  TPM_BADINDEX: 2,
  TPM_BAD_PARAMETER: 3,
  TPM_DEACTIVATED: 6,
  TPM_DISABLED: 7,
  TPM_DISABLED_CMD: 8,
  TPM_FAIL: 9,
  TPM_BAD_ORDINAL: 10,
  TPM_KEYNOTFOUND: 13,
  TPM_NOSPACE: 17,
  TPM_NOSRK: 18,
  TPM_OWNER_SET: 20,
  TPM_RESOURCES: 21,
  TPM_SIZE: 23,
  TPM_NO_ENDORSEMENT: 35,
  TPM_INVALID_POSTINIT: 38,
  TPM_BAD_PRESENCE: 45,
  TPM_BAD_DATASIZE: 43,
  TPM_BADTAG: 30,
  TPM_AREA_LOCKED: 60,
  TPM_RETRY: 0x800,
  TPM_NEEDS_SELFTEST: 0x801,
  TPM_DOING_SELFTEST: 0x802,
} as const;
export type ReturnCode12 = keyof typeof returnCodes12 | 'TPM_UNKNOWN_RETURN_CODE';
