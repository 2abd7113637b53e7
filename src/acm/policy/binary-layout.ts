// Layout of the binary policy: acm.h of the original, versions 3 and 4. All integers are big-endian.

/** First word of a policy since version 3.2 of the original. */
export const policyMagic = 0x0001debc;

/** Codes of the two components. */
export const componentCodes = { none: 0, chineseWall: 1, simpleTypeEnforcement: 2, undefined: 15 } as const;

/** Bytes of the top header: with and without the SHA-1. */
export const headerSizes = { 3: 40, 4: 60 } as const;

export const chwallHeaderSize = 36;
export const steHeaderSize = 20;

/** Version of both components. */
export const componentVersion = 1;

export const roundUp8 = (length: number): number => (length + 7) & ~7;
