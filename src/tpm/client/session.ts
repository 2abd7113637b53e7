import type { HashAlgorithm } from '../../base/index.js';

/** An authorization session as its caller sees it; the client keeps the nonces current. */
export interface TpmSession {
  readonly handle: number;
  readonly kind: 'policy' | 'hmac' | 'trial';
  readonly hash: HashAlgorithm;
  nonceCaller: Uint8Array;
  nonceTpm: Uint8Array;
  /** Whether PolicyPassword was executed: then the authorization value goes in clear. */
  policyPassword: boolean;
  /** Whether PolicyAuthValue was executed: then an HMAC proves the value. */
  policyAuthValue: boolean;
}
