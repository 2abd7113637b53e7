import type { XserrName } from '../policy/index.js';
import type { Decision, DecisionHook, DecisionReason, DecisionRule, HypervisorError, Violation } from './decision.js';

/** What a judge says; the rest of a decision has defaults. */
export interface Answer {
  readonly reason: DecisionReason;
  readonly hook: DecisionHook;
  readonly rule: DecisionRule;
  readonly subject: string;
  readonly object: string;
  readonly sentence: string;
  readonly subjectTypes?: readonly string[];
  readonly objectTypes?: readonly string[];
  readonly common?: readonly string[];
  readonly conflict?: Decision['conflict'];
  readonly violations?: readonly Violation[];
  readonly xserr?: XserrName;
  readonly hypervisorErrors?: readonly HypervisorError[];
  readonly detail?: string;
}

const none: readonly string[] = Object.freeze([]);

type Growing = { -readonly [Key in keyof Decision]: Decision[Key] };

function decision(permit: boolean, answer: Answer): Decision {
  const { hook, conflict, violations, xserr, hypervisorErrors } = answer;
  const made: Growing = {
    permit,
    reason: answer.reason,
    hook,
    rule: answer.rule,
    enforcedBy: hook === 'sharing' || hook === 'conflict' ? 'hypervisor' : 'management VM',
    subject: answer.subject,
    object: answer.object,
    subjectTypes: answer.subjectTypes ?? none,
    objectTypes: answer.objectTypes ?? none,
    common: answer.common ?? none,
    detail: answer.detail ?? '',
    sentence: answer.sentence,
  };
  if (conflict !== undefined) made.conflict = conflict;
  if (violations !== undefined) made.violations = violations;
  if (xserr !== undefined) made.xserr = xserr;
  if (hypervisorErrors !== undefined) made.hypervisorErrors = hypervisorErrors;
  return made;
}

export const permitted = (answer: Answer): Decision => decision(true, answer);
export const denied = (answer: Answer): Decision => decision(false, answer);

/** `{MA, SU}`, or `no types`. */
export function typeSet(types: readonly string[]): string {
  return types.length === 0 ? 'no types' : `{${types.join(', ')}}`;
}

/** Up to three names, and how many more there are. */
export function nameList(names: readonly string[]): string {
  if (names.length <= 3) return names.join(', ');
  return `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

/** `XSERR_HV_OP_FAILED (0x103,1)`: an error name and what the hypervisor reported with it. */
export function errorDetail(xserr: XserrName, errors: readonly HypervisorError[] = []): string {
  return [xserr, ...errors.map(({ code, data }) => `(0x${code.toString(16)},${data})`)].join(' ');
}
