import { createMemoryStore } from '../../store/index.js';
import type { AppraisalPolicy } from '../appraise/index.js';
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
import { createBundle } from './bundle.js';
import { type Finding, judgeAsserted, judgePushed, judgeQuoted, preparedFor, progressOf, unjudged } from './judge.js';
import type { KeptInput } from './kept.js';
import { createVerdict, weakest } from './make-verdict.js';
import { Records } from './records.js';
import { linkReasons, roundOf } from './round.js';
import { openSigningKey } from './signing-key.js';
import type { SubjectRecord } from './record.js';
import type {
  Binding,
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
  /** What was judged, to be kept with the verdict. */
  readonly judged: Judged | null;
  /** Said by an agent: nothing but its word stands behind it. */
  readonly unproven: boolean;
}

interface Judged {
  readonly evidence: Evidence | AssertedEvidence;
  readonly nonce: Uint8Array;
  readonly binding: Binding | null;
}

const aside: RoundFacts = {
  mode: 'none',
  assurance: 'none',
  link: [],
  hostVerdict: null,
  round: null,
  interval: defaultInterval,
  policy: null,
  judged: null,
  unproven: false,
};

/** An agent's word: worth a verdict only where it makes matters worse. */
const pushed: RoundFacts = { ...aside, unproven: true };

/** Evidence as it is kept with its verdict. */
function keptInput(
  verdict: Verdict,
  { evidence, nonce, binding }: Judged,
  facts: RoundFacts,
  before: number | null,
): KeptInput | null {
  if (facts.policy === null || facts.mode === 'none') return null;
  const { start, format } = evidence.measurements;
  const quote = 'quote' in evidence ? evidence.quote : null;
  return {
    facts: {
      verdict: verdict.id,
      mode: facts.mode,
      nonce,
      binding,
      attest: quote?.attest ?? null,
      signature: quote?.signature ?? null,
      pcrValues: evidence.pcrValues ?? null,
      format,
      start,
      policyDigest: verdict.policyDigest,
      referenceDigest: verdict.referenceDigest,
    },
    evidence,
    policy: facts.policy,
    before: start === 0 ? null : before,
    entries: verdict.covered > 0 ? verdict.covered + verdict.pending : null,
  };
}

const noLists: readonly Uint8Array[] = [];

/** The challenging party over a store; see `Verifier`. */
export function createVerifier(options: VerifierOptions): Verifier {
  const { clock, randomness, references } = options;
  const store = options.store ?? createMemoryStore();
  const lifetime = options.challengeLifetime ?? defaultLifetime;
  const challenges = new Challenges(clock, randomness, lifetime);
  const chain = {
    anchors: options.anchors,
    // Lists are renewed while the verifier works.
    get revocationLists() {
      return options.revocationLists ?? noLists;
    },
  };
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
    const digest = facts.policy === null ? '' : preparedFor(facts.policy).digest;
    let continued: number | null = null;
    const change = (recorded: SubjectRecord, sequence: number): SubjectRecord => {
      const changedKey = finding.akName !== null && finding.akName !== recorded.akName;
      const before = changedKey ? { ...recorded, progress: null, seen: null } : recorded;
      continued = before.progress?.sequence ?? null;
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
                sequence,
              }
            : before.progress,
        seen: verified ? { entries: finding.seen, resetCount: counters.resetCount } : before.seen,
        // What an agent says is proven or disproven by the round that follows: until then it counts, but does not stick.
        sticky: before.sticky ?? (verdict.status === 'untrusted' && !facts.unproven ? verdict.id : null),
        verdict,
      };
    };
    const { judged } = facts;
    const after = await records.update(subject, change, (verdict) =>
      judged === null ? null : keptInput(verdict, judged, facts, continued),
    );
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

  /** What evidence shows, found while the host was still being asked; the link to the host is not in it. */
  const examined = new WeakMap<Evidence, { readonly for: VmExpectations; readonly finding: Promise<Finding> }>();
  const examine = (evidence: Evidence, expectations: VmExpectations): Promise<Finding> => {
    const subject: Subject = { kind: 'vm', uuid: expectations.vm.toLowerCase() };
    return answered(subject, expectations, async () => {
      const binding = bindings.get(subject);
      if (binding !== null && binding.host.toLowerCase() !== expectations.host.toLowerCase()) {
        return unjudged(subject, reason('wrong_issuer_host', { detail: `bound at host ${binding.host}` }));
      }
      const extraData = vmExtraData(expectations.challenge.nonce, subject.uuid, binding?.ekName ?? new Uint8Array(0));
      return judgeQuoted(evidence, extraData, binding, records.get(subject), expectations.policy, ports());
    });
  };
  const findingOf = (evidence: Evidence, expectations: VmExpectations): Promise<Finding> => {
    const known = examined.get(evidence);
    const { challenge, policy, vm, host } = expectations;
    const same =
      known?.for.challenge === challenge &&
      known.for.policy === policy &&
      known.for.vm === vm &&
      known.for.host === host;
    return same ? known.finding : examine(evidence, expectations);
  };

  const recorded = (verdict: Verdict | null): Verdict | null =>
    verdict === null ? null : records.recent(verdict.subject, verdict.id);

  const judgeVmWith = (
    expectations: VmExpectations,
    claimed: Verdict | null,
    member: RoundMember,
    work: () => Promise<Finding>,
    evidence: Evidence | AssertedEvidence,
    binding: Binding | null,
  ): Promise<Verdict> => {
    const subject: Subject = { kind: 'vm', uuid: expectations.vm.toLowerCase() };
    return alone(subject, async () => {
      const hostVerdict = recorded(claimed);
      const { challenge, host } = expectations;
      const link = linkReasons(hostVerdict, { host, challenge, member, now: clock.now() });
      return record(subject, await work(), {
        ...aside,
        mode: member.mode,
        assurance: weakest(
          member.mode === 'quoted' ? (binding?.assurance ?? 'none') : 'hardware',
          hostVerdict?.assurance ?? 'none',
        ),
        link,
        hostVerdict,
        round: null,
        interval: expectations.interval ?? defaultInterval,
        policy: expectations.policy,
        judged: { evidence, nonce: challenge.nonce, binding },
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
      const known = records.get(subject);
      const { sticky } = known;
      const progress = progressOf(known, bindings.get(subject));
      if (progress === null || sticky !== null) return 0;
      if (progress.policyDigest !== preparedFor(policy).digest) return 0;
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
          judged: { evidence, nonce: challenge.nonce, binding },
        });
      });
    },

    prepareVm(evidence: Evidence, expectations) {
      const subject: Subject = { kind: 'vm', uuid: expectations.vm.toLowerCase() };
      const finding = alone(subject, () => examine(evidence, expectations));
      // Whoever judges the evidence is told.
      finding.catch(() => undefined);
      examined.set(evidence, { for: expectations, finding });
    },

    judgeVm(evidence: Evidence, hostVerdict, expectations) {
      const subject: Subject = { kind: 'vm', uuid: expectations.vm.toLowerCase() };
      const binding = bindings.get(subject);
      const member = quotedMember(subject.uuid, evidence.quote);
      const work = (): Promise<Finding> => findingOf(evidence, expectations);
      return judgeVmWith(expectations, hostVerdict, member, work, evidence, binding);
    },

    judgeAssertedVm(evidence: AssertedEvidence, hostVerdict, expectations) {
      const member = assertedMember(expectations.vm.toLowerCase(), evidence);
      return judgeVmWith(
        expectations,
        hostVerdict,
        member,
        () => {
          const subject: Subject = { kind: 'vm', uuid: expectations.vm.toLowerCase() };
          return answered(subject, expectations, () => judgeAsserted(evidence, expectations.policy, ports()));
        },
        evidence,
        null,
      );
    },

    recordUnreachable: (subject, detail) =>
      alone(subject, () => record(subject, unjudged(subject, reason('unreachable', { detail })), aside)),
    recordRefused: (subject, why) => alone(subject, () => record(subject, unjudged(subject, why.reason), pushed)),
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

    pushed: (subject, push, policy) =>
      alone(subject, async () => {
        const { verdict } = records.get(subject);
        const { covered, known, finding } = await judgePushed(push, verdict, policy, ports());
        if (known.length > 0) await record(subject, finding, { ...pushed, policy });
        return { covered, known };
      }),

    async exportEvidence(subject, verdictId) {
      const own = await records.kept(subject, verdictId);
      if (own === null || own.evidence === null) return null;
      const { hostVerdict } = own.verdict;
      let host: typeof own | null = null;
      for (const candidate of hostVerdict === null ? [] : records.subjects()) {
        if (candidate.kind === 'host') host ??= await records.kept(candidate, hostVerdict as string);
      }
      const policyOf = (digest: string): AppraisalPolicy | null => records.policy(digest);
      return createBundle({ own, host, policyOf, references, sign: await openSigningKey(store), now: clock.now() });
    },
    async evidenceKey() {
      return (await openSigningKey(store)).publicKey;
    },
  };
}
