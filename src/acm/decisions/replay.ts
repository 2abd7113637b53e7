import { domainZero } from '../policy/index.js';
import type { LabelIndex } from './compiled-policy.js';
import { ConflictCounts } from './conflict-counts.js';
import type { HypervisorError, Violation } from './decision.js';
import type { Proposal } from './violations.js';

/** First thing the original hypervisor stumbles over when it replays what runs. */
export interface ReplayFailure {
  readonly error: HypervisorError;
  readonly violation: Violation;
}

interface Member {
  readonly vm: string;
  readonly row: LabelIndex;
}

// The hypervisor's list begins with the newest domain; Domain-0 is the oldest.
function newestFirst(proposal: Proposal): Member[] {
  const members: Member[] = [{ vm: domainZero, row: proposal.systemRow }];
  for (const { vm, row } of proposal.candidates) if (row !== null) members.push({ vm, row });
  return members.reverse();
}

function replayConflicts(proposal: Proposal, members: readonly Member[]): ReplayFailure | null {
  const { policy, nameOf } = proposal;
  const counts = new ConflictCounts(policy);
  for (const [at, { vm, row }] of members.entries()) {
    const system = vm === domainZero;
    const hit = counts.conflict(row, system);
    if (hit === null) {
      counts.add(row, system);
      continue;
    }
    const set = policy.conflictSets[hit.set];
    const rival = members
      .slice(0, at)
      .find(
        (member) =>
          !policy.chwall.has(member.row, hit.type) && set?.types.some((type) => policy.chwall.has(member.row, type)),
      );
    const type = policy.chwallTypes[hit.type] as string;
    return {
      error: { code: 0x103, data: hit.type },
      violation: {
        kind: 'conflict',
        vm,
        ...(rival === undefined ? {} : { with: rival.vm }),
        set: set?.name ?? '',
        types: [type],
        sentence: `${nameOf(vm)} runs beside ${nameOf(rival?.vm ?? '')}, against conflict set ${set?.name ?? ''}.`,
      },
    };
  }
  return null;
}

function replaySharing(
  proposal: Proposal,
  members: readonly Member[],
  numberOf: (vm: string) => number,
): ReplayFailure | null {
  const { policy, nameOf, candidates } = proposal;
  const rows = new Map(members.map(({ vm, row }) => [vm, row]));
  for (const { vm, row, channels } of candidates.toReversed()) {
    if (row === null) continue;
    // Every VM has channels to Domain-0 for its console and its devices.
    for (const peer of new Set([domainZero, ...channels])) {
      const peerRow = rows.get(peer);
      if (peerRow === undefined || policy.ste.meet(row, peerRow)) continue;
      return {
        error: { code: 0x100, data: ((numberOf(vm) << 16) | numberOf(peer)) >>> 0 },
        violation: {
          kind: 'sharing',
          vm,
          with: peer,
          types: policy.typesOf(row),
          sentence: `${nameOf(vm)} and ${nameOf(peer)} have a channel, and would have no type in common.`,
        },
      };
    }
  }
  return null;
}

/** Replays conflicts, then sharing, in the original's order; null if nothing fails. */
export function replay(proposal: Proposal, numberOf: (vm: string) => number): ReplayFailure | null {
  const members = newestFirst(proposal);
  return replayConflicts(proposal, members) ?? replaySharing(proposal, members, numberOf);
}
