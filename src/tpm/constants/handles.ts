/** Permanent handles (TPM_RH, TPM 2.0 Part 2, 7.4). */
export const tpmHandles = {
  owner: 0x40000001,
  null: 0x40000007,
  password: 0x40000009,
  lockout: 0x4000000a,
  endorsement: 0x4000000b,
  platform: 0x4000000c,
  platformNv: 0x4000000d,
} as const;

/** Hierarchies in which keys can be made. */
export const hierarchies = ['owner', 'endorsement', 'platform', 'null'] as const;
export type Hierarchy = (typeof hierarchies)[number];

/** First octet of a handle (TPM_HT, Part 2, 7.2). */
export const handleTypes = {
  pcr: 0x00,
  nvIndex: 0x01,
  hmacSession: 0x02,
  policySession: 0x03,
  permanent: 0x40,
  transient: 0x80,
  persistent: 0x81,
} as const;

/** Where the TCG EK Credential Profile (section 2.2.1.4) and this project keep persistent keys. */
export const persistentHandles = { ekRsa: 0x81010001, ekEcc: 0x81010002, ak: 0x81010010 } as const;

/** NV indices of EK certificates (TCG EK Credential Profile, 2.2.1.4). */
export const certificateIndices = { ekRsa: 0x01c00002, ekEcc: 0x01c0000a } as const;
