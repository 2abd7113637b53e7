import {
  type Decision,
  type HostState,
  judgePort,
  judgeResource,
  judgeSharing,
  labelRefusals,
  resolveResource,
  vlanResource,
} from '../decisions/index.js';
import { resourceRow, vmRow } from './answer-question.js';
import type { EnforcementHealth, EntryQuestion } from './contract.js';
import type { PolicyRecord } from './policy-record.js';
import { refuseEntry } from './refuse-entry.js';

/** What refuses the resources of a VM whose own label says nothing: what they lack themselves. */
function* unusable(host: HostState, { vm, resources = [], ports = [] }: EntryQuestion): Generator<Decision> {
  const vlans = ports.flatMap(({ vlan }) => (vlan === undefined ? [] : [vlanResource(vlan)]));
  for (const resource of [...resources, ...vlans]) {
    const found = resolveResource(host, vm, resource);
    if (found.kind === 'refused') yield found.decision;
  }
}

function* devices(host: HostState, question: EntryQuestion, row: number): Generator<Decision> {
  const { vm, resources = [], ports = [], resourceLabels = [] } = question;
  for (const resource of resources) yield judgeResource(host, vm, row, resource);
  for (const port of ports) yield judgePort(host, vm, row, port);
  for (const label of resourceLabels) {
    const other = resourceRow(host, vm, '', label);
    if (other.kind === 'refused') yield other.decision;
    else
      yield judgeSharing(
        host,
        { id: vm, name: host.nameOf(vm), row },
        { id: label, name: label, row: other.row },
        'resource',
      );
  }
}

/** Everything that an admission would refuse, not only the first; changes, counts and records nothing. */
export function examineEntry(
  host: HostState,
  policy: PolicyRecord,
  health: EnforcementHealth,
  question: EntryQuestion,
): readonly Decision[] {
  const { vm, label, trusted } = question;
  const entry = refuseEntry(host, policy, health, vm, question);
  const refusals: Decision[] = entry === null ? [] : [entry];
  const found = vmRow(host, vm, label);
  if (found.kind === 'refused') return [...refusals, found.decision, ...unusable(host, question)];
  refusals.push(...labelRefusals(host, vm, found.row, trusted));
  for (const decision of devices(host, question, found.row)) if (!decision.permit) refusals.push(decision);
  return refusals;
}
