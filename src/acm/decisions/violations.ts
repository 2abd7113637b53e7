import { domainZero } from '../policy/index.js';
import { typeSet } from './answer.js';
import type { CompiledPolicy, LabelIndex } from './compiled-policy.js';
import type { Violation } from './decision.js';
import type { Domain, Port } from './host-state.js';

/** A VM as it would run under a policy. */
export interface Candidate {
  readonly vm: string;
  /** Null: the label would not be defined. */
  readonly row: LabelIndex | null;
  readonly label: string;
  readonly resources: Iterable<string>;
  readonly ports: Iterable<Port>;
  readonly channels: Iterable<string>;
}

/** A running set under a policy, proposed or present. */
export interface Proposal {
  readonly policy: CompiledPolicy;
  readonly systemRow: LabelIndex;
  readonly candidates: readonly Candidate[];
  /** Row of a resource's label; null: nobody may use it. */
  readonly resourceRow: (resource: string) => LabelIndex | null;
  readonly nameOf: (vm: string) => string;
}

/** A running VM under the label it has. */
export function candidateOf(domain: Domain, row: LabelIndex | null, label: string): Candidate {
  return {
    vm: domain.vm,
    row,
    label,
    resources: domain.resources,
    ports: domain.ports.values(),
    channels: domain.channels,
  };
}

type Found = (violation: Violation) => void;

function deviceViolations(proposal: Proposal, candidate: Candidate, row: LabelIndex, found: Found): void {
  const { policy, nameOf } = proposal;
  const check = (kind: 'resource' | 'vif', device: string, deviceRow: LabelIndex | null): void => {
    if (deviceRow !== null && policy.ste.meet(row, deviceRow)) return;
    const types = deviceRow === null ? [] : policy.typesOf(deviceRow);
    found({
      kind,
      vm: candidate.vm,
      with: device,
      types,
      sentence: `${nameOf(candidate.vm)} uses ${device}, with which it would have no type in common.`,
    });
  };
  for (const resource of candidate.resources) check('resource', resource, proposal.resourceRow(resource));
  for (const port of candidate.ports) {
    if (port.vlan !== undefined) check('resource', `vlan:${port.vlan}`, proposal.resourceRow(`vlan:${port.vlan}`));
    else if (port.label !== undefined) check('vif', port.label, policy.resourceRow(port.label) ?? null);
    else if (policy.mode === 'strict') check('vif', port.id, null);
  }
}

function ownViolations(
  proposal: Proposal,
  candidate: Candidate,
  rows: ReadonlyMap<string, LabelIndex>,
  found: Found,
): void {
  const { policy, systemRow, nameOf } = proposal;
  const { vm, row } = candidate;
  const name = nameOf(vm);
  if (row === null) {
    found({
      kind: 'label',
      vm,
      types: [],
      sentence: `${name} runs, and its label ${candidate.label} would not be defined.`,
    });
    return;
  }
  if (!policy.ste.covers(systemRow, row) || !policy.ste.meet(systemRow, row)) {
    const types = policy.missingTypes(systemRow, row);
    found({
      kind: 'authorization',
      vm,
      with: domainZero,
      types,
      sentence: `${name} runs, and the system label would lack ${typeSet(types)}.`,
    });
  }
  const self = policy.selfConflict(row);
  if (self !== null) {
    const sentence = `${name} runs, and its label would hold two types of conflict set ${self}.`;
    found({ kind: 'conflict', vm, with: vm, set: self, types: policy.exclusionOf(row), sentence });
  }
  deviceViolations(proposal, candidate, row, found);
  for (const peer of candidate.channels) {
    const peerRow = rows.get(peer);
    if (peerRow === undefined || policy.ste.meet(row, peerRow)) continue;
    const sentence = `${name} and ${nameOf(peer)} have a channel, and would have no type in common.`;
    found({ kind: 'sharing', vm, with: peer, types: policy.typesOf(peerRow), sentence });
  }
}

interface Holder {
  readonly vm: string;
  readonly type: number;
}

/** For each conflict set its holders, VMs with the first type that they hold of it. */
function holdersOfSets(proposal: Proposal): ReadonlyMap<number, readonly Holder[]> {
  const { policy } = proposal;
  const holders = new Map<number, Holder[]>();
  for (const { vm, row } of proposal.candidates) {
    if (row === null) continue;
    const met = new Set<number>();
    for (const type of policy.guestTypes.of(row)) {
      for (const member of policy.membersOf.of(type)) {
        const set = policy.setOf[member] as number;
        if (met.has(set)) continue;
        met.add(set);
        const list = holders.get(set);
        if (list === undefined) holders.set(set, [{ vm, type }]);
        else list.push({ vm, type });
      }
    }
  }
  return holders;
}

function collocationViolations(proposal: Proposal, found: Found): void {
  const { policy, systemRow, nameOf } = proposal;
  for (const [index, holders] of holdersOfSets(proposal)) {
    const set = policy.conflictSets[index];
    const first = holders[0];
    if (set === undefined || first === undefined) continue;
    const other = holders.find((holder) => holder.type !== first.type);
    const systemMeets = set.types.some((type) => policy.chwall.has(systemRow, type));
    for (const holder of holders) {
      const rival = holder.type === first.type ? other : first;
      const against = systemMeets && !policy.chwall.has(systemRow, holder.type) ? domainZero : rival?.vm;
      if (against === undefined) continue;
      found({
        kind: 'conflict',
        vm: holder.vm,
        with: against,
        set: set.name,
        types: [policy.chwallTypes[holder.type] as string],
        sentence: `${nameOf(holder.vm)} runs beside ${nameOf(against)}, against conflict set ${set.name}.`,
      });
    }
  }
}

/** Everything in a running set that breaks the rules of mode strict, in the order of the VMs, collocation last. */
export function findViolations(proposal: Proposal): Violation[] {
  const violations: Violation[] = [];
  const found: Found = (violation) => violations.push(violation);
  const rows = new Map<string, LabelIndex>([[domainZero, proposal.systemRow]]);
  for (const { vm, row } of proposal.candidates) if (row !== null) rows.set(vm, row);
  for (const candidate of proposal.candidates) ownViolations(proposal, candidate, rows, found);
  collocationViolations(proposal, found);
  return violations;
}
