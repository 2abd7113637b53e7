import { toHex } from '../../base/index.js';
import type { RoundMember } from '../evidence/index.js';
import {
  type Reason,
  reason,
  type ReasonCode,
  type Verdict,
  type VerdictRound,
  type VerdictStatus,
} from '../verdict/index.js';
import type { Challenge } from './types.js';

/** What a host's verdict says of its round. */
export function roundOf(challenge: Challenge, members: readonly RoundMember[]): VerdictRound {
  return {
    nonce: toHex(challenge.nonce),
    members: members.map(({ vm, mode, digest }) => ({ vm: vm.toLowerCase(), mode, digest: toHex(digest) })),
  };
}

const hostCodes: Readonly<Record<Exclude<VerdictStatus, 'trusted'>, ReasonCode>> = {
  untrusted: 'host_untrusted',
  unknown: 'host_unknown',
  pending: 'host_pending',
  stale: 'host_stale',
  unreachable: 'host_unreachable',
  no_policy: 'host_no_policy',
};

/** A VM under its host: of which host, in which round, with which evidence. */
export interface HostLink {
  readonly host: string;
  readonly challenge: Challenge;
  readonly member: RoundMember;
  readonly now: number;
}

/**
 * What follows for a VM from its host's verdict. The verdict must be of this host and this round, unexpired, and its quote
 * must cover the very evidence that is judged.
 * @param verdict as the verifier itself recorded it; null if the host was not judged
 */
export function linkReasons(verdict: Verdict | null, link: HostLink): Reason[] {
  const { member } = link;
  if (verdict === null) return [reason(member.mode === 'quoted' ? 'host_unknown' : 'no_root_of_trust')];
  const { subject, round, status } = verdict;
  if (subject.kind !== 'host' || subject.uuid.toLowerCase() !== link.host.toLowerCase()) {
    return [reason('host_unknown', { detail: 'the verdict is of another host' })];
  }
  if (status !== 'trusted') return [reason(hostCodes[status])];
  if (verdict.validUntil <= link.now || round === null || round.nonce !== toHex(link.challenge.nonce)) {
    return [reason('host_stale', { detail: 'the verdict is of another round' })];
  }
  const covered = round.members.find(({ vm }) => vm === member.vm.toLowerCase());
  if (covered === undefined || covered.mode !== member.mode || covered.digest !== toHex(member.digest)) {
    return [reason('not_in_host_quote')];
  }
  const notes: ReasonCode[] = [
    'link_rests_on_host',
    ...(member.mode === 'host_asserted' ? ['host_asserted' as const] : []),
  ];
  return notes.map((code) => reason(code));
}
