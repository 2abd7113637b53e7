import { type Decision, type DecisionHook, decisionHooks } from '../decisions/index.js';

/** How often a hook was asked, and how often it refused. */
export interface HookStatistics {
  readonly evaluations: number;
  readonly denials: number;
}

/** Counters since the monitor was opened. */
export interface AcmStatistics {
  readonly hooks: Readonly<Record<DecisionHook, HookStatistics>>;
  readonly admissions: number;
  readonly refusedAdmissions: number;
  readonly departures: number;
  readonly policyUpdates: number;
  readonly refusedUpdates: number;
}

/** Counts decisions. */
export class StatisticsCounter {
  readonly #evaluations = new Map<DecisionHook, number>();
  readonly #denials = new Map<DecisionHook, number>();
  admissions = 0;
  refusedAdmissions = 0;
  departures = 0;
  policyUpdates = 0;
  refusedUpdates = 0;

  count(decision: Decision): Decision {
    this.#evaluations.set(decision.hook, (this.#evaluations.get(decision.hook) ?? 0) + 1);
    if (!decision.permit) this.#denials.set(decision.hook, (this.#denials.get(decision.hook) ?? 0) + 1);
    return decision;
  }

  read(): AcmStatistics {
    const hooks = Object.fromEntries(
      decisionHooks.map((hook) => [
        hook,
        { evaluations: this.#evaluations.get(hook) ?? 0, denials: this.#denials.get(hook) ?? 0 },
      ]),
    ) as Record<DecisionHook, HookStatistics>;
    const { admissions, refusedAdmissions, departures, policyUpdates, refusedUpdates } = this;
    return { hooks, admissions, refusedAdmissions, departures, policyUpdates, refusedUpdates };
  }
}
