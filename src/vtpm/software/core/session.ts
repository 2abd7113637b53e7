import { digestSizes, type HashAlgorithm } from '../../../base/index.js';

/** Cipher of encrypted parameters. */
export type ParameterCipher =
  | { readonly kind: 'aes'; readonly keyBits: number }
  | { readonly kind: 'xor'; readonly hash: HashAlgorithm };

/** What policy commands have established so far. */
export interface PolicyState {
  digest: Uint8Array;
  commandCode: number | null;
  /** Update counter of the PCRs when PolicyPCR was carried out; null without. */
  pcrCounter: number | null;
  authValueNeeded: boolean;
  passwordNeeded: boolean;
  /** Localities allowed as bits; 0: all. */
  localities: number;
}

export interface Session {
  readonly handle: number;
  readonly kind: 'hmac' | 'policy' | 'trial';
  readonly hash: HashAlgorithm;
  readonly key: Uint8Array;
  readonly cipher: ParameterCipher | null;
  /** Name and authorization value of the entity the session is bound to; null: not bound. */
  readonly bound: Uint8Array | null;
  nonceTpm: Uint8Array;
  policy: PolicyState;
}

export function emptyPolicy(hash: HashAlgorithm): PolicyState {
  return {
    digest: new Uint8Array(digestSizes[hash]),
    commandCode: null,
    pcrCounter: null,
    authValueNeeded: false,
    passwordNeeded: false,
    localities: 0,
  };
}
