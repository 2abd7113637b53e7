import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ByteReader, ByteWriter, concatBytes, type Randomness } from '../../base/index.js';
import { VtpmError } from '../errors.js';

const nonceSize = 12;
const tagSize = 16;
const headSize = 8;

/** Encrypts state at rest: AES-256-GCM, bound to what it is and to its sequence number. */
export interface Sealer {
  seal(name: string, sequence: number, plain: Uint8Array): Uint8Array;
  /** @throws VtpmError `vtpm_state_invalid` for octets that were altered, are of another TPM or older than `sequence` */
  open(name: string, sequence: number, sealed: Uint8Array): Uint8Array;
}

/** The number that something was sealed with, which only opening it proves; null for octets that are too short. */
export function sequenceOf(sealed: Uint8Array): number | null {
  if (sealed.length < headSize + nonceSize + tagSize) return null;
  return Number(new ByteReader(sealed).u64());
}

export function createSealer(key: Uint8Array, randomness: Randomness): Sealer {
  const binding = (name: string, sequence: number): Uint8Array =>
    Buffer.from(`tvdc-vtpm-state-1\n${name}\n${sequence}`);
  return {
    seal(name, sequence, plain) {
      const nonce = randomness.bytes(nonceSize);
      const aes = createCipheriv('aes-256-gcm', key, nonce).setAAD(binding(name, sequence));
      const head = new ByteWriter(headSize).u64(BigInt(sequence)).finish();
      return concatBytes(head, nonce, aes.update(plain), aes.final(), aes.getAuthTag());
    },
    open(name, sequence, sealed) {
      const refuse = (why: string): never => {
        throw new VtpmError('vtpm_state_invalid', `the state at rest of ${name} ${why}`);
      };
      const found = sequenceOf(sealed);
      if (found === null) return refuse('is too short');
      if (found !== sequence) return refuse(`has sequence number ${found}, expected ${sequence}`);
      const nonce = sealed.subarray(headSize, headSize + nonceSize);
      const aes = createDecipheriv('aes-256-gcm', key, nonce).setAAD(binding(name, sequence));
      aes.setAuthTag(sealed.subarray(-tagSize));
      const plain = aes.update(sealed.subarray(headSize + nonceSize, -tagSize));
      try {
        return concatBytes(plain, aes.final());
      } catch {
        return refuse('was altered or is of another TPM');
      }
    },
  };
}
