import type { HashAlgorithm } from '../../base/index.js';
import type { VerifiedQuote } from './quote.js';
import { EvidenceError } from './errors.js';

/** Which PCRs a quote must hold, and in which banks. */
export interface SelectionRule {
  /** The best first. */
  readonly banks: readonly HashAlgorithm[];
  readonly requiredPcrs: readonly number[];
}

/**
 * The best allowed bank of which every required PCR is quoted.
 * @throws EvidenceError `bank_downgrade` if no allowed bank is quoted at all, `selection_incomplete`
 */
export function verifySelection(quote: Pick<VerifiedQuote, 'selection'>, rule: SelectionRule): HashAlgorithm {
  let missing: string | undefined;
  for (const bank of rule.banks) {
    const quoted = quote.selection.find((part) => part.bank === bank)?.indexes ?? [];
    const absent = rule.requiredPcrs.filter((pcr) => !quoted.includes(pcr));
    if (absent.length === 0) return bank;
    if (quoted.length > 0) missing ??= `${bank}:${absent.join(',')}`;
  }
  if (missing !== undefined) throw new EvidenceError('selection_incomplete', { detail: missing });
  const quoted = quote.selection.filter(({ indexes }) => indexes.length > 0).map(({ bank }) => bank);
  throw new EvidenceError('bank_downgrade', {
    detail: `expected ${rule.banks.join(' or ')}, got ${quoted.join(' and ') || 'no PCR'}`,
  });
}
