import { type Criticality, type PlannedAction, plannedActions, type Verdict } from '../../attestation/index.js';
import { messageOf } from '../../base/index.js';
import { stringKey } from '../../cim/index.js';
import type { ManagedHost } from '../../client/management/index.js';

/** An action that followed from a verdict, and what came of it. */
export interface ActionRecord {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number;
  readonly verdict: string;
  readonly system: string;
  readonly name: string;
  readonly action: PlannedAction['kind'];
  readonly cause: string;
  /** `done` over CIM; `left` to people or to another part, as `detail` says; `failed`. */
  readonly outcome: 'done' | 'left' | 'failed';
  readonly detail: string;
}

const names: Readonly<Record<number, Criticality>> = { 2: 'low', 3: 'normal', 4: 'high' };

/** TVDC_ComputerSystem.Criticality as plans name it; `normal` where none is set. */
export function criticalityOf(value: number | null): Criticality {
  return names[value ?? 3] ?? 'normal';
}

type Result = readonly [outcome: ActionRecord['outcome'], detail: string];

const ethernet = 'TVDC_EthernetPortAllocationSettingData';

/** Takes the network away: every port of the VM is removed from it. */
async function quarantine(host: ManagedHost, vm: string): Promise<Result> {
  const { client, namespace } = host;
  const ports = await client.instancePaths(ethernet, { namespace }).toArray();
  const own = ports.filter((path) => (stringKey(path, 'InstanceID') ?? '').startsWith(`TVDC:${vm}/`));
  if (own.length === 0) return ['done', 'it has no network'];
  const service = await client.instancePaths('TVDC_VirtualSystemManagementService', { namespace }).first();
  if (service === undefined) return ['failed', 'the host has no management service'];
  const { returnValue } = await client.invoke(
    service,
    'RemoveResourceSettings',
    { ResourceSettings: own },
    { namespace },
  );
  if (Number(returnValue) !== 0) return ['failed', `RemoveResourceSettings returned ${Number(returnValue)}`];
  return ['done', `${own.length} ports removed`];
}

async function state(host: ManagedHost, vm: string, requested: 'stop' | 'reset', wanted: string): Promise<Result> {
  const before = await host.vm(vm);
  if (before.state === 'off') return requested === 'stop' ? ['done', 'it was off already'] : ['left', 'it is off'];
  await host.requestState(vm, requested);
  const after = await host.vm(vm);
  return after.state === wanted ? ['done', `it is ${after.state}`] : ['failed', `it is ${after.state}`];
}

async function perform(host: ManagedHost, action: PlannedAction): Promise<Result> {
  const vm = action.subject.uuid;
  switch (action.kind) {
    case 'stop':
      return state(host, vm, 'stop', 'off');
    case 'restart':
      return state(host, vm, 'reset', 'running');
    case 'quarantine':
      return quarantine(host, vm);
    case 'raise_alert':
      return ['left', 'the verifier that serves raises TVDC_IntegrityAlert'];
    case 'notify':
      return ['left', 'for the administrators who read this'];
    case 'review_reference':
      return ['left', 'tvdc reference search, then import or annotate'];
    case 'attest_again':
      return ['left', 'the next round does'];
    case 'block_placement':
      return ['left', 'placement asks for unexpired trusted verdicts'];
  }
}

/**
 * Carries out what a verdict calls for, over CIM, and checks each action's effect.
 * @param dryRun nothing is done; the records say what would be
 */
export async function carryOut(
  host: ManagedHost,
  name: string,
  verdict: Verdict,
  criticality: Criticality,
  { now, dryRun }: { readonly now: number; readonly dryRun: boolean },
): Promise<readonly ActionRecord[]> {
  const records: ActionRecord[] = [];
  for (const action of plannedActions(verdict, criticality)) {
    let result: Result;
    try {
      result = dryRun ? ['left', 'dry run'] : await perform(host, action);
    } catch (error) {
      result = ['failed', messageOf(error)];
    }
    const [outcome, detail] = result;
    const { kind, cause } = action;
    records.push({
      time: now,
      verdict: verdict.id,
      system: verdict.subject.uuid,
      name,
      action: kind,
      cause,
      outcome,
      detail,
    });
  }
  return records;
}
