import type { Subject } from '../evidence/index.js';
import type { Verdict, VerdictStatus } from './verdict.js';

/** How much depends on a VM, as its administrator says. */
export const criticalities = ['low', 'normal', 'high', 'critical'] as const;
export type Criticality = (typeof criticalities)[number];

/**
 * What can be done: `notify` the administrators, `raise_alert` as an indication, `quarantine` (take the network away),
 * `stop` and `restart` the VM, `block_placement` of new VMs on a host, `attest_again` soon, `review_reference` entries.
 */
export type ActionKind =
  | 'notify'
  | 'raise_alert'
  | 'quarantine'
  | 'stop'
  | 'restart'
  | 'block_placement'
  | 'attest_again'
  | 'review_reference';

export interface PlannedAction {
  readonly kind: ActionKind;
  readonly subject: Subject;
  /** Why, in the words of the verdict. */
  readonly cause: string;
}

type Plan = Readonly<Record<VerdictStatus, readonly ActionKind[]>>;

const quiet: readonly ActionKind[] = ['attest_again'];

/** What to do with a VM; a critical one is never trusted again by a restart alone, a low one is simply restarted. */
const vmPlans: Readonly<Record<Criticality, Plan>> = {
  low: {
    trusted: [],
    untrusted: ['raise_alert', 'restart'],
    unknown: ['review_reference'],
    pending: quiet,
    stale: quiet,
    unreachable: quiet,
    no_policy: ['notify'],
  },
  normal: {
    trusted: [],
    untrusted: ['raise_alert', 'notify', 'restart'],
    unknown: ['notify', 'review_reference'],
    pending: quiet,
    stale: quiet,
    unreachable: ['notify', 'attest_again'],
    no_policy: ['notify'],
  },
  high: {
    trusted: [],
    untrusted: ['raise_alert', 'notify', 'quarantine', 'stop'],
    unknown: ['raise_alert', 'notify', 'review_reference'],
    pending: quiet,
    stale: ['notify', 'attest_again'],
    unreachable: ['raise_alert', 'notify', 'attest_again'],
    no_policy: ['raise_alert', 'notify'],
  },
  critical: {
    trusted: [],
    untrusted: ['raise_alert', 'notify', 'quarantine', 'stop'],
    unknown: ['raise_alert', 'notify', 'quarantine', 'review_reference'],
    pending: quiet,
    stale: ['raise_alert', 'notify', 'attest_again'],
    unreachable: ['raise_alert', 'notify', 'quarantine', 'attest_again'],
    no_policy: ['raise_alert', 'notify'],
  },
};

/** A host is never stopped by a plan: its VMs have verdicts and plans of their own. */
const hostPlan: Plan = {
  trusted: [],
  untrusted: ['raise_alert', 'notify', 'block_placement'],
  unknown: ['raise_alert', 'notify', 'block_placement', 'review_reference'],
  pending: ['block_placement', 'attest_again'],
  stale: ['notify', 'block_placement', 'attest_again'],
  unreachable: ['raise_alert', 'notify', 'block_placement', 'attest_again'],
  no_policy: ['notify', 'block_placement'],
};

/** Codes of reasons that lie in the host: acting on the VM would not help it. */
const hostReasons = /^host_/;

/**
 * The actions that follow from a verdict, in the order in which they are to be carried out. A VM that is only judged by
 * its host's fault is neither stopped nor restarted.
 */
export function plannedActions(verdict: Verdict, criticality: Criticality): readonly PlannedAction[] {
  const plan = verdict.subject.kind === 'host' ? hostPlan : vmPlans[criticality];
  const deciding = verdict.reasons.filter(({ status }) => status !== null);
  const hostOnly = deciding.length > 0 && deciding.every(({ code }) => hostReasons.test(code));
  const cause = `${verdict.status}: ${deciding[0]?.message ?? 'no reason given'}`;
  const kinds = plan[verdict.status].filter((kind) => !hostOnly || (kind !== 'stop' && kind !== 'restart'));
  return kinds.map((kind) => ({ kind, subject: verdict.subject, cause }));
}
