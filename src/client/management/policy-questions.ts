import type { CimInstancePath } from '../../cim/index.js';
import type { ManagedHost } from './managed-host.js';
import { outText } from './refusal.js';
import { textsOf } from './texts.js';

/** What enabling a policy would do; a sentence for each consequence. */
export interface PolicyPlan {
  readonly permitted: boolean;
  readonly sentence: string;
  /** Violations by what runs now, which stand against it. */
  readonly breaks: readonly string[];
  /** Virtual machines that could not start afterwards. */
  readonly dormant: readonly string[];
  /** Labels that would lose their definition. */
  readonly invalidated: readonly string[];
}

/** Asks what enabling a policy would do, without any effect. @throws CimError 6 */
export async function planPolicy(host: ManagedHost, policy: CimInstancePath): Promise<PolicyPlan> {
  const out = await host.call('TVDC_SecurityPolicyService', 'PlanPolicy', { Policy: policy });
  return {
    permitted: out['Permitted'] === true,
    sentence: outText(out, 'Explanation'),
    breaks: textsOf(out['Breaks']),
    dormant: textsOf(out['Dormant']),
    invalidated: textsOf(out['Invalidated']),
  };
}

export interface AccessCounters {
  readonly hook: string;
  readonly evaluations: number;
  readonly denials: number;
}

export interface MonitorCounters {
  readonly admissions: number;
  readonly refusedAdmissions: number;
  readonly departures: number;
  readonly policyUpdates: number;
  readonly refusedUpdates: number;
}

/** Counters of the reference monitor since its host was started. */
export interface AccessStatistics extends MonitorCounters {
  readonly hooks: readonly AccessCounters[];
}

/** @throws CimError */
export async function accessStatistics({ client, namespace }: ManagedHost): Promise<AccessStatistics> {
  const hooks: AccessCounters[] = [];
  for await (const item of client.instances('TVDC_AccessStatistics', { namespace })) {
    hooks.push({
      hook: item.getString('Hook') ?? '',
      evaluations: Number(item.get('Evaluations') ?? 0),
      denials: Number(item.get('Denials') ?? 0),
    });
  }
  const monitor = await client.instances('TVDC_MonitorStatistics', { namespace }).first();
  const count = (name: string): number => Number(monitor?.get(name) ?? 0);
  return {
    hooks,
    admissions: count('Admissions'),
    refusedAdmissions: count('RefusedAdmissions'),
    departures: count('Departures'),
    policyUpdates: count('PolicyUpdates'),
    refusedUpdates: count('RefusedUpdates'),
  };
}
