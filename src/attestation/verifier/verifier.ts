import { type AppraisalPolicy, completePolicy, policyDigest } from '../appraise/index.js';
import {
  assertedMember,
  type AssertedEvidence,
  type Evidence,
  hostExtraData,
  quotedMember,
  type RoundMember,
  type Subject,
  subjectKey,
  vmExtraData,
} from '../evidence/index.js';
import { type Reason, reason, type Verdict, type VerdictRound } from '../verdict/index.js';
import { EntryCatalog, EvidenceError, LookError } from '../verify/index.js';
import { Bindings } from './bindings.js';
import { Challenges } from './challenges.js';
import { type Finding, judgeAsserted, judgeQuoted, unjudged } from './judge.js';
import { createVerdict, weakest } from './make-verdict.js';
import { Records } from './records.js';
import { linkReasons, roundOf } from './round.js';
import type {
  Expectations,
  HostExpectations,
  SubjectStatus,
  Verifier,
  VerifierOptions,
  VmExpectations,
} from './types.js';

const defaultInterval = 300_000;
const defaultLifetime = 60_000;

/** What a round adds to a finding: link to the host, mode, strength. */
interface RoundFacts {
  readonly mode: Verdict['mode'];
  readonly assurance: Verdict['assurance'];
  readonly link: readonly Reason[];
  readonly hostVerdict: Verdict | null;
  readonly round: VerdictRound | null;
  readonly interval: number;
  readonly policy: AppraisalPolicy | null;
}

const aside: RoundFacts = {
  mode: 'none',
  assurance: 'none',
  link: [],
  hostVerdict: null,
  round: null,
  interval: defaultInterval,
  policy: null,
};

/** The challenging party over a store; see `Verifier`. */
export function createVerifier(options: VerifierOptions): Verifier {
  const { clock, randomness, store, references } = options;
  const lifetime = options.challengeLifetime ?? defaultLifetime;
  const challenges = new Challenges(clock, randomness, lifetime);
  const chain = { anchors: options.anchors, revocationLists: options.revocationLists ?? [] };
  const bindings = new Bindings({ store, clock, randomness }, chain, lifetime);
  const records = new Records(store);
  const catalog = new EntryCatalog();
  const queues = new Map<string, Promise<unknown>>();

  /** One round of a subject at a time: the next one builds on what this one remembers. */
  const alone = async <T>(subject: Subject, work: () => Promise<T>): Promise<T> => {
    const key = subjectKey(subject);
    const before = queues.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    queues.set(key, mine);
    try {
      return await mine;
    } finally {
      if (queues.get(key) === mine) queues.delete(key);
    }
  };

  const record = async (subject: Subject, finding: Finding, facts: RoundFacts): Promise<Verdict> => {
    const now = clock.now();
    const digest = facts.policy === null ? '' : policyDigest(completePolicy(facts.policy));
    const after = await records.update(subject, (before) => {
      const verdict = createVerdict({
        id: randomness.uuid(),
        subject,
        finding,
        link: facts.link,
        sticky: before.sticky !== null,
        mode: facts.mode,
        assurance: facts.assurance,
        round: facts.round,
        hostVerdict: facts.hostVerdict,
        now,
        interval: facts.interval,
        policyDigest: digest,
      });
      const { result, counters } = finding;
      const verified = result !== null && result.covered > 0 && counters !== null;
      return {
        ...before,
        lastAttempt: now,
        lastTrusted: verdict.status === 'trusted' ? now : before.lastTrusted,
        counters: counters ?? before.counters,
        akName: finding.akName ?? before.akName,
        progress:
          verified && result.position !== null
            ? {
                position: result.position,
                resetCount: counters.resetCount,
                policyDigest: digest,
                referenceDigest: result.referenceDigest,
              }
            : before.progress,
        seen: verified ? { entries: finding.seen, resetCount: counters.resetCount } : before.seen,
        sticky: before.sticky ?? (verdict.status === 'untrusted' ? verdict.id : null),
        verdict,
      };
    });
    return after.verdict as Verdict;
  };

  const ports = (): { references: typeof references; catalog: EntryCatalog; now: number } => ({
    references,
    catalog,
    now: clock.now(),
  });

  /** Uses the challenge, then judges; a challenge that cannot be used is the finding. */
  const answered = async (
    subject: Subject,
    expectations: Expectations,
    work: () => Promise<Finding>,
  ): Promise<Finding> => {
    try {
      challenges.use(expectations.challenge, subject);
    } catch (error) {
      if (error instanceof EvidenceError || error instanceof LookError) return unjudged(subject, error.reason);
      throw error;
    }
    return work();
  };

  const recorded = (verdict: Verdict | null): Verdict | null =>
    verdict === null ? null : (records.history(verdict.subject, 50).find(({ id }) => id === verdict.id) ?? null);

  const judgeVmWith = (
    expectations: VmExpectations,
    claimed: Verdict | null,
    member: RoundMember,
    work: () => Promise<Finding>,
    own: Verdict['assurance'] | null,
  ): Promise<Verdict> => {
    const subject: Subject = { kind: 'vm', uuid: expectations.vm.toLowerCase() };
    return alone(subject, async () => {
      const hostVerdict = recorded(claimed);
      const { challenge, host } = expectations;
      const link = linkReasons(hostVerdict, { host, challenge, member, now: clock.now() });
      return record(subject, await answered(subject, expectations, work), {
        mode: member.mode,
        assurance: weakest(own ?? 'hardware', hostVerdict?.assurance ?? 'none'),
        link,
        hostVerdict,
        round: null,
        interval: expectations.interval ?? defaultInterval,
        policy: expectations.policy,
      });
    });
  };

  return {
    challenge: () => challenges.create(),
    bindAk: (identity, subject, host) => bindings.begin(identity, subject, host),
    confirmBinding: (id, answer) => bindings.confirm(id, answer),
    binding: (subject) => bindings.get(subject),
    forgetBinding: (subject) => bindings.forget(subject),

    async logStart(subject, policy) {
      const { progress, sticky } = records.get(subject);
      if (progress === null || sticky !== null) return 0;
      if (progress.policyDigest !== policyDigest(completePolicy(policy))) return 0;
      const digest = await references.digest(policy.referenceSets).catch(() => null);
      return digest === progress.referenceDigest ? progress.position.index : 0;
    },

    judgeHost(evidence: Evidence, expectations: HostExpectations) {
      const subject: Subject = { kind: 'host', uuid: expectations.host.toLowerCase() };
      return alone(subject, async () => {
        const binding = bindings.get(subject);
        const { members, policy, challenge } = expectations;
        const finding = await answered(subject, expectations, () =>
          judgeQuoted(
            evidence,
            hostExtraData(challenge.nonce, members),
            binding,
            records.get(subject),
            policy,
            ports(),
          ),
        );
        return record(subject, finding, {
          ...aside,
          mode: 'quoted',
          assurance: binding?.assurance ?? 'none',
          round: roundOf(challenge, members),
          interval: expectations.interval ?? defaultInterval,
          policy,
        });
      });
    },

    judgeVm(evidence: Evidence, hostVerdict, expectations) {
      const subject: Subject = { kind: 'vm', uuid: expectations.vm.toLowerCase() };
      const binding = bindings.get(subject);
      const member = quotedMember(subject.uuid, evidence.quote);
      const work = async (): Promise<Finding> => {
        if (binding !== null && binding.host.toLowerCase() !== expectations.host.toLowerCase()) {
          return unjudged(subject, reason('wrong_issuer_host', { detail: `bound at host ${binding.host}` }));
        }
        const extraData = vmExtraData(expectations.challenge.nonce, subject.uuid, binding?.ekName ?? new Uint8Array(0));
        return judgeQuoted(evidence, extraData, binding, records.get(subject), expectations.policy, ports());
      };
      return judgeVmWith(expectations, hostVerdict, member, work, binding?.assurance ?? 'none');
    },

    judgeAssertedVm(evidence: AssertedEvidence, hostVerdict, expectations) {
      const member = assertedMember(expectations.vm.toLowerCase(), evidence);
      return judgeVmWith(
        expectations,
        hostVerdict,
        member,
        () => judgeAsserted(evidence, expectations.policy, ports()),
        null,
      );
    },

    recordUnreachable: (subject, detail) =>
      alone(subject, () => record(subject, unjudged(subject, reason('unreachable', { detail })), aside)),
    recordStateChange: (subject, change) =>
      alone(subject, () => record(subject, unjudged(subject, reason('state_changed', { detail: change })), aside)),

    acknowledge(subject, verdictId) {
      return alone(subject, async () => {
        const { sticky, verdict } = records.get(subject);
        if (sticky === null || (verdictId !== sticky && verdictId !== verdict?.id)) return false;
        // The log is judged from its beginning again: what made it untrusted must not lie before the next round.
        await records.update(subject, (before) => ({ ...before, sticky: null, progress: null, seen: null }));
        await record(subject, unjudged(subject, reason('state_changed', { detail: 'acknowledged' })), aside);
        return true;
      });
    },

    status(subject): SubjectStatus {
      const { verdict, lastAttempt, lastTrusted, counters } = records.get(subject);
      const over = verdict !== null && verdict.status !== 'untrusted' && verdict.validUntil <= clock.now();
      const stale: Verdict | null = over
        ? { ...verdict, status: 'stale', reasons: [reason('expired'), ...verdict.reasons] }
        : verdict;
      return { subject, verdict: stale, lastAttempt, lastTrusted, resetCount: counters?.resetCount ?? null };
    },
    subjects: () => records.subjects(),
    history: (subject, limit) => records.history(subject, limit),
  };
}
