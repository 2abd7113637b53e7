import { createHash, randomBytes, randomUUID } from 'node:crypto';

/** Unpredictable bytes as a port. Every key, nonce and identifier comes from here. */
export interface Randomness {
  bytes(length: number): Uint8Array;
  /** Lower-case UUID, version 4. */
  uuid(): string;
}

export const systemRandomness: Randomness = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
  uuid: () => randomUUID(),
};

/** A reproducible stream for tests and vectors; never use it for keys that must be secret. */
export function createSeededRandomness(seed: string): Randomness {
  let counter = 0;
  const bytes = (length: number): Uint8Array => {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      const block = createHash('sha256').update(`${seed}/${counter++}`).digest();
      out.set(block.subarray(0, Math.min(32, length - at)), at);
    }
    return out;
  };
  const uuid = (): string => {
    const raw = bytes(16);
    raw[6] = ((raw[6] as number) & 0x0f) | 0x40;
    raw[8] = ((raw[8] as number) & 0x3f) | 0x80;
    const hex = Buffer.from(raw).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
  return { bytes, uuid };
}
