import type { StateChange, Subject } from '../../attestation/index.js';
import type { CimInstancePath } from '../../cim/index.js';
import { completed, listSystems, ManagedHost } from '../../client/management/index.js';
import type { WbemClient } from '../../client/index.js';

/** What of a host's state decides whether earlier verdicts still hold; plain data, kept between two looks. */
export interface Snapshot {
  readonly host: string;
  readonly name: string;
  readonly policy: string;
  readonly label: string;
  readonly resetCount: number | null;
  readonly vms: Readonly<Record<string, SeenVm>>;
}

export interface SeenVm {
  readonly name: string;
  readonly state: number;
  readonly changed: string;
  readonly label: string | null;
}

const running = 2;
const saved = 6;
const paused = 9;
/** Beyond every log: asks for the reset count alone. */
const noEntries = 2n ** 31n;

async function resetCountOf(client: WbemClient, namespace: string, host: CimInstancePath): Promise<number | null> {
  const log = await client
    .associatorPaths(host, { namespace, assocClass: 'TVDC_UseOfLog', resultClass: 'TVDC_MeasurementLog' })
    .first();
  if (log === undefined) return null;
  const parameters = { StartIndex: noEntries, MaxEntries: 1 };
  const out = completed('GetMeasurements', await client.invoke(log, 'GetMeasurements', parameters, { namespace }));
  const count = out['ResetCount'];
  return typeof count === 'number' ? count : null;
}

/** Looks at a host. @throws TvdcError, CimError, TransportError */
export async function takeSnapshot(client: WbemClient, namespace: string): Promise<Snapshot> {
  const { host, vms } = await listSystems(client, namespace);
  const labels = await new ManagedHost(client, namespace).labels();
  return {
    host: host.uuid,
    name: host.name,
    policy: host.policy,
    label: host.label,
    resetCount: await resetCountOf(client, namespace, host.path),
    vms: Object.fromEntries(
      vms.map(({ uuid, name, state, changed }) => [uuid, { name, state, changed, label: labels.get(uuid) ?? null }]),
    ),
  };
}

export interface SubjectChange {
  readonly subject: Subject;
  readonly change: StateChange;
}

function changeOf(before: SeenVm, after: SeenVm): StateChange | null {
  if (after.label !== before.label) return 'relabel';
  if (after.state === before.state) return after.changed === before.changed ? null : 'reset';
  if (after.state !== running) return before.state === running && after.state === saved ? 'snapshot' : null;
  if (before.state === saved) return 'restore';
  return before.state === paused ? 'resume' : 'start';
}

/** What happened between two looks, as far as it ends trust: the host first. */
export function changesBetween(before: Snapshot, after: Snapshot): readonly SubjectChange[] {
  const changes: SubjectChange[] = [];
  const host: Subject = { kind: 'host', uuid: after.host };
  if (before.resetCount !== after.resetCount) changes.push({ subject: host, change: 'host_reboot' });
  else if (before.policy !== after.policy) changes.push({ subject: host, change: 'policy_change' });
  else if (before.label !== after.label) changes.push({ subject: host, change: 'relabel' });
  for (const [uuid, was] of Object.entries(before.vms)) {
    const is = after.vms[uuid];
    const change = is === undefined ? 'migration' : changeOf(was, is);
    if (change !== null) changes.push({ subject: { kind: 'vm', uuid }, change });
    else if (before.resetCount !== after.resetCount)
      changes.push({ subject: { kind: 'vm', uuid }, change: 'host_reboot' });
  }
  return changes;
}
