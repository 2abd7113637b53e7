import { compilePolicy, type HostState, judgeUpdate, LabelMoves, type Violation } from '../decisions/index.js';
import { labelText } from '../labels/index.js';
import { isValid, type PolicyDocument, validatePolicy } from '../policy/index.js';
import type { UpdatePlan } from './contract.js';

/** Dormant VMs that could not start under a policy, and labels that would lose their definition. */
function later(host: HostState, next: PolicyDocument): Pick<UpdatePlan, 'dormant' | 'invalidated'> {
  const policy = compilePolicy(next, host.mode);
  const moves = new LabelMoves(host.policy.document, next);
  const system = moves.nameOf('vm', host.systemLabel);
  const systemRow = system === undefined ? policy.bootstrap : (policy.vmRow(system) ?? policy.bootstrap);
  const dormant: Violation[] = [];
  const lost = new Map<string, string[]>();
  const lose = (label: string, element: string): void => {
    const elements = lost.get(label);
    if (elements === undefined) lost.set(label, [element]);
    else elements.push(element);
  };
  for (const entry of host.labels.vms()) {
    const { vm } = entry;
    if (entry.state === 'invalidated' || entry.policy !== host.policy.document.name) continue;
    const moved = moves.moved('vm', entry);
    const row = moved.state === 'valid' ? policy.vmRow(moved.label) : undefined;
    const name = host.nameOf(vm);
    if (row === undefined) lose(labelText(entry), vm);
    if (host.domains.has(vm)) continue;
    if (row === undefined) {
      const sentence = `${name} could not start: its label ${entry.label} would not be defined.`;
      dormant.push({ kind: 'label', vm, types: [], sentence });
      continue;
    }
    if (!policy.ste.covers(systemRow, row) || !policy.ste.meet(systemRow, row)) {
      const types = policy.missingTypes(systemRow, row);
      const sentence = `${name} could not start: the system label would not hold all its types.`;
      dormant.push({ kind: 'authorization', vm, types, sentence });
    }
    const types = policy.typesOf(row);
    if (host.strict && types.length > 1 && host.isTrusted(vm) === false) {
      const sentence = `${name} could not start: its label would have several types, and it is not marked as trusted.`;
      dormant.push({ kind: 'authorization', vm, types, sentence });
    }
    const self = host.strict ? policy.selfConflict(row) : null;
    if (self !== null) {
      const sentence = `${name} could not start: its label would hold two types of conflict set ${self}.`;
      dormant.push({ kind: 'conflict', vm, with: vm, set: self, types: policy.exclusionOf(row), sentence });
    }
  }
  for (const entry of host.labels.resources()) {
    if (moves.moved('resource', entry).state !== entry.state) lose(labelText(entry), entry.resource);
  }
  const invalidated = [...lost].map(([label, elements]) => ({ label, elements }));
  return { dormant, invalidated };
}

/** What enabling a policy would do, without doing it. */
export function planUpdate(host: HostState, next: PolicyDocument): UpdatePlan {
  const { decision } = judgeUpdate(host, next);
  const breaks = decision.violations ?? [];
  if (!isValid(validatePolicy(next, { mode: host.mode }))) return { decision, breaks, dormant: [], invalidated: [] };
  return { decision, breaks, ...later(host, next) };
}
