import { type Decision, type DecisionHook, decisionHooks, type Port, vlanResource } from '../decisions/index.js';

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

/** The hooks of an admission in their order, with what each is asked about. */
function* hooksAfterAuthorization(devices: {
  readonly resources: readonly string[];
  readonly ports: readonly Port[];
}): Generator<readonly [hook: DecisionHook, object: string | null]> {
  yield ['conflict', null];
  for (const resource of devices.resources) yield [resource.startsWith('vlan:') ? 'vlan' : 'resource', resource];
  for (const { vlan, label } of devices.ports)
    yield vlan === undefined ? ['vif', label ?? ''] : ['vlan', vlanResource(vlan)];
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
    this.#asked(decision.hook);
    if (!decision.permit) this.#denials.set(decision.hook, (this.#denials.get(decision.hook) ?? 0) + 1);
    return decision;
  }

  /** Counts an admission, and each hook that it had passed before the one that decided: authorization, conflict, devices. */
  countAdmission(
    decision: Decision,
    devices: { readonly resources: readonly string[]; readonly ports: readonly Port[] },
  ): void {
    this.count(decision);
    if (decision.permit) {
      this.admissions++;
      // The decision that lets in is that of the first hook.
      for (const [hook] of hooksAfterAuthorization(devices)) this.#asked(hook);
      return;
    }
    this.refusedAdmissions++;
    const passed: DecisionHook[] = ['authorization'];
    for (const [hook, object] of hooksAfterAuthorization(devices)) {
      if (hook === decision.hook && (object === null || object === decision.object)) {
        for (const before of passed) this.#asked(before);
        return;
      }
      passed.push(hook);
    }
  }

  #asked(hook: DecisionHook): void {
    this.#evaluations.set(hook, (this.#evaluations.get(hook) ?? 0) + 1);
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
