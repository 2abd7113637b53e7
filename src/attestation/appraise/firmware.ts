import { toHex } from '../../base/index.js';
import { type Reason, reason } from '../verdict/index.js';
import type { KnownValues } from '../verify/index.js';
import type { FirmwareRule } from './policy.js';

/** Compares proven PCR values with the values that the policy lists. */
export function appraiseFirmware(rules: readonly FirmwareRule[], proven: KnownValues): Reason[] {
  return rules.flatMap(({ bank, pcr, values }) => {
    const value = proven[bank]?.get(pcr);
    if (value === undefined) return [reason('firmware_pcr_unknown', { bank, pcr })];
    const text = toHex(value);
    if (values.some((allowed) => allowed.toLowerCase() === text)) return [];
    return [reason('firmware_pcr_mismatch', { bank, pcr, digest: `${bank}:${text}` })];
  });
}
