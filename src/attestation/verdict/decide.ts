import type { Reason } from './reason.js';
import type { VerdictStatus } from './verdict.js';

/** Worst first: where reasons leave different verdicts, the first of this list is given. */
const order = ['untrusted', 'no_policy', 'unreachable', 'unknown', 'stale', 'pending'] as const;

/** That evidence was verified from the signature to the last covered entry, and that all of it was appraised. */
export interface Proof {
  /** Entries that are proven and appraised. */
  readonly covered: number;
  /** A quote of the subject's own TPM, or the quote of its trusted host. */
  readonly root: 'own_quote' | 'host_quote';
}

/**
 * The verdict that reasons and a proof leave. Without a proof it is never `trusted`, whatever the reasons.
 */
export function worstStatus(proof: Proof | null, reasons: readonly Reason[]): VerdictStatus {
  const found = new Set(reasons.map(({ status }) => status));
  const worst = order.find((status) => found.has(status));
  if (worst !== undefined) return worst;
  return proof !== null && proof.covered > 0 ? 'trusted' : 'unknown';
}
