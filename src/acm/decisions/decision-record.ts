import type { Decision } from './decision.js';

/** A decision as plain facts, for a journal or a line of NDJSON. Absent where there is nothing to say. */
export interface DecisionRecord {
  readonly decision: 'permit' | 'deny';
  readonly reason: string;
  readonly hook: string;
  readonly rule: string;
  readonly enforced_by: string;
  readonly subject: string;
  readonly object: string;
  readonly subject_types: readonly string[];
  readonly object_types: readonly string[];
  readonly common: readonly string[];
  readonly conflict?: { readonly set: string; readonly with: readonly string[] };
  readonly violations?: readonly Readonly<Record<string, unknown>>[];
  readonly xserr?: string;
  readonly hypervisor_errors?: readonly (readonly [code: number, data: number])[];
  readonly detail: string;
  readonly sentence: string;
}

/** Facts of a decision as JSON data, keys with underscores. */
export function decisionRecord(decision: Decision): DecisionRecord {
  const { conflict, violations, xserr, hypervisorErrors } = decision;
  return {
    decision: decision.permit ? 'permit' : 'deny',
    reason: decision.reason,
    hook: decision.hook,
    rule: decision.rule,
    enforced_by: decision.enforcedBy,
    subject: decision.subject,
    object: decision.object,
    subject_types: decision.subjectTypes,
    object_types: decision.objectTypes,
    common: decision.common,
    ...(conflict === undefined ? {} : { conflict }),
    ...(violations === undefined ? {} : { violations: violations.map((violation) => ({ ...violation })) }),
    ...(xserr === undefined ? {} : { xserr }),
    ...(hypervisorErrors === undefined
      ? {}
      : { hypervisor_errors: hypervisorErrors.map(({ code, data }) => [code, data]) }),
    detail: decision.detail,
    sentence: decision.sentence,
  };
}
