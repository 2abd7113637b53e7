import {
  EvidenceError,
  LookError,
  type AppraisalPolicy,
  assertedMember,
  type AssertedEvidence,
  type Challenge,
  checkPolicy,
  hostExtraData,
  quotedMember,
  type RoundMember,
  type Subject,
  type Verdict,
  type Verifier,
  type VmExpectations,
  vmExtraData,
} from '../../attestation/index.js';
import { messageOf, TvdcError } from '../../base/index.js';
import { stringKey } from '../../cim/index.js';
import type { WbemClient } from '../wbem/index.js';
import { fetchAsserted, type FetchedEvidence, RemoteTpm } from './evidence.js';
import { type ListedSystems, listSystems, type ListedVm } from './systems.js';

/** What the management stack wants of hosts and VMs. */
export interface AttestationPolicies {
  readonly host: AppraisalPolicy;
  /** By UUID and name of the VM. */
  vm(uuid: string, name: string): AppraisalPolicy;
}

/**
 * Which evidence is asked for. `quoted`: the vTPMs quote, the host's quote covers them. `host_asserted`: the management VM says
 * what its vTPMs hold, the host's quote covers that. `vm_only`: vTPMs quote and the host is not asked, so that the verdicts are
 * at best unknown.
 */
export const roundModes = ['quoted', 'host_asserted', 'vm_only'] as const;
export type RoundMode = (typeof roundModes)[number];

export interface RoundOptions {
  readonly verifier: Verifier;
  readonly client: WbemClient;
  readonly namespace?: string;
  readonly policies: AttestationPolicies;
  /** Only these VMs, by UUID; all that run if left out. */
  readonly vms?: readonly string[];
  readonly mode?: RoundMode;
  /** VMs that are asked at the same time; default 8. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Told what is being done. */
  readonly progress?: (step: string) => void;
}

export interface SubjectVerdict {
  readonly name: string;
  readonly uuid: string;
  readonly verdict: Verdict;
}

/** Verdicts of one round: the host, and its VMs in the order of their names. */
export interface RoundResult {
  /** Null where the host was not asked (`vm_only`). */
  readonly host: SubjectVerdict | null;
  readonly vms: readonly SubjectVerdict[];
}

interface Target {
  readonly subject: Subject;
  readonly name: string;
  readonly tpm: RemoteTpm;
  readonly vm: ListedVm | null;
}

/** What a VM answered, by either way, or why it did not. */
type Answer =
  | { readonly kind: 'quoted'; readonly fetched: FetchedEvidence; readonly expectations: VmExpectations }
  | { readonly kind: 'host_asserted'; readonly evidence: AssertedEvidence }
  | { readonly kind: 'failed'; readonly error: unknown };

const vmSelection = 'sha256:0-10';
const hostSelection = 'sha256:0-10,13';
const running: readonly number[] = [2, 9];
const defaultConcurrency = 8;

/**
 * One round of attestation over CIM: binds what is not bound yet by credential activation, challenges VMs and then the host
 * with one fresh nonce, and has the verifier judge the host first.
 * @throws TvdcError `not_found` where the server is no host or the host has no TPM; TransportError, CimError where the host
 * cannot be asked at all; ParseError `bad_pattern`, ConfigurationError `bad_key` for a policy that cannot be used
 */
export async function attestRound(options: RoundOptions): Promise<RoundResult> {
  return new Round(options).run();
}

/** Works through a list, a few at a time, in order of the list. */
async function inParallel<T, R>(items: readonly T[], most: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const out: R[] = [];
  let at = 0;
  const lane = async (): Promise<void> => {
    while (at < items.length) {
      const mine = at++;
      out[mine] = await work(items[mine] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane));
  return out;
}

class Round {
  readonly #options: RoundOptions;
  readonly #namespace: string;
  readonly #mode: RoundMode;

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#namespace = options.namespace ?? 'root/tvdc';
    this.#mode = options.mode ?? 'quoted';
  }

  #say(step: string): void {
    this.#options.progress?.(step);
  }

  async run(): Promise<RoundResult> {
    const { verifier } = this.#options;
    const { host, vms } = await this.#targets();
    // A policy that cannot be used is nobody's verdict.
    checkPolicy(this.#options.policies.host);
    for (const { subject, name } of vms) checkPolicy(this.#options.policies.vm(subject.uuid, name));
    const challenge = verifier.challenge();
    const most = this.#options.concurrency ?? defaultConcurrency;
    const answers = await inParallel(vms, most, (target) => this.#ask(target, host.subject.uuid, challenge));
    const members = vms.flatMap((target, at) => this.#memberOf(target, answers[at] as Answer));
    const hostVerdict = this.#mode === 'vm_only' ? null : await this.#judgeHost(host, challenge, members);
    const verdicts = await inParallel(
      vms.map((target, at) => ({ target, answer: answers[at] as Answer })),
      most,
      async ({ target, answer }): Promise<SubjectVerdict> => ({
        name: target.name,
        uuid: target.subject.uuid,
        verdict: await this.#judgeVm(target, answer, hostVerdict, host.subject.uuid, challenge),
      }),
    );
    return {
      host: hostVerdict === null ? null : { name: host.name, uuid: host.subject.uuid, verdict: hostVerdict },
      vms: verdicts,
    };
  }

  async #ask(target: Target, host: string, challenge: Challenge): Promise<Answer> {
    this.#say(`challenging ${target.name}`);
    const { uuid } = target.subject;
    try {
      if (this.#mode === 'host_asserted' && target.vm !== null) {
        const { client, signal } = this.#options;
        const evidence = await fetchAsserted(client, this.#namespace, target.vm, target.tpm, signal);
        return { kind: 'host_asserted', evidence };
      }
      const { ekName } = await this.#bind(target, host);
      const policy = this.#options.policies.vm(uuid, target.name);
      const extraData = vmExtraData(challenge.nonce, uuid, ekName);
      const fetched = await this.#fetch(target, policy, extraData, vmSelection);
      const expectations: VmExpectations = { challenge, policy, vm: uuid, host };
      // The host still works for the others: what it has sent is looked into meanwhile.
      this.#options.verifier.prepareVm(fetched.evidence, expectations);
      return { kind: 'quoted', fetched, expectations };
    } catch (error) {
      return { kind: 'failed', error };
    }
  }

  #memberOf(target: Target, answer: Answer): RoundMember[] {
    const { uuid } = target.subject;
    if (answer.kind === 'quoted') return [quotedMember(uuid, answer.fetched.evidence.quote)];
    return answer.kind === 'host_asserted' ? [assertedMember(uuid, answer.evidence)] : [];
  }

  #judgeVm(
    target: Target,
    answer: Answer,
    hostVerdict: Verdict | null,
    host: string,
    challenge: Challenge,
  ): Promise<Verdict> {
    const { verifier, policies } = this.#options;
    const { subject } = target;
    const expectations = { challenge, policy: policies.vm(subject.uuid, target.name), vm: subject.uuid, host };
    switch (answer.kind) {
      case 'failed':
        return this.#recordFailure(subject, answer.error);
      case 'quoted':
        return verifier.judgeVm(answer.fetched.evidence, hostVerdict, answer.expectations);
      case 'host_asserted':
        return verifier.judgeAssertedVm(answer.evidence, hostVerdict, expectations);
    }
  }

  async #judgeHost(host: Target, challenge: Challenge, members: readonly RoundMember[]): Promise<Verdict> {
    const { verifier, policies } = this.#options;
    this.#say(`challenging ${host.name}`);
    let item: FetchedEvidence;
    try {
      await this.#bind(host, host.subject.uuid);
      item = await this.#fetch(host, policies.host, hostExtraData(challenge.nonce, members), hostSelection);
    } catch (error) {
      return this.#recordFailure(host.subject, error);
    }
    return verifier.judgeHost(item.evidence, { challenge, policy: policies.host, host: host.subject.uuid, members });
  }

  /** An identity that was refused is bad evidence; everything else is a failure to ask. */
  #recordFailure(subject: Subject, error: unknown): Promise<Verdict> {
    const { verifier } = this.#options;
    if (error instanceof EvidenceError || error instanceof LookError) return verifier.recordRefused(subject, error);
    return verifier.recordUnreachable(subject, messageOf(error));
  }

  /** Evidence since the last round; from the beginning where the TPM was reset meanwhile. */
  async #fetch(
    target: Target,
    policy: AppraisalPolicy,
    nonce: Uint8Array,
    selection: string,
  ): Promise<FetchedEvidence> {
    const { verifier, signal } = this.#options;
    const logStart = await verifier.logStart(target.subject, policy);
    const first = await target.tpm.evidence(nonce, selection, logStart, signal);
    if (logStart === 0 || first.resetCount === verifier.status(target.subject).resetCount) return first;
    return target.tpm.evidence(nonce, selection, 0, signal);
  }

  async #bind(target: Target, host: string) {
    const { verifier, signal } = this.#options;
    const known = verifier.binding(target.subject);
    // After a migration another authority speaks for the same keys, and has to prove that they are with it.
    if (known?.host.toLowerCase() === host.toLowerCase()) return known;
    this.#say(`binding the attestation key of ${target.name}`);
    const challenge = await verifier.bindAk(await target.tpm.identity(signal), target.subject, host);
    const answer = await target.tpm.activate(challenge.credentialBlob, challenge.encryptedSecret, signal);
    return verifier.confirmBinding(challenge.id, answer);
  }

  async #targets(): Promise<{ readonly host: Target; readonly vms: readonly Target[] }> {
    const { client, signal } = this.#options;
    const systems = await listSystems(client, this.#namespace, signal);
    let host: Target | undefined;
    const vms: Target[] = [];
    const options = { namespace: this.#namespace, ...(signal === undefined ? {} : { signal }) };
    for await (const path of client.instancePaths('TVDC_TPM', options)) {
      const system = stringKey(path, 'SystemName') ?? '';
      const tpm = new RemoteTpm(client, path, this.#namespace);
      if (system === systems.host.uuid) {
        host = { subject: { kind: 'host', uuid: system }, name: systems.host.name, tpm, vm: null };
        continue;
      }
      const vm = this.#wanted(systems, system);
      if (vm !== undefined) vms.push({ subject: { kind: 'vm', uuid: system }, name: vm.name, tpm, vm });
    }
    if (host === undefined) throw new TvdcError('not_found', 'the host has no TPM: nothing of it can be proven');
    return { host, vms: vms.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  }

  #wanted({ vms }: ListedSystems, uuid: string): ListedVm | undefined {
    if (this.#options.vms !== undefined && !this.#options.vms.includes(uuid)) return undefined;
    return vms.find((vm) => vm.uuid === uuid && running.includes(vm.state));
  }
}

export type AttestOptions = Omit<RoundOptions, 'client' | 'vms'>;

/**
 * Attests one system with this process as the challenging party: a VM together with its host, or the host alone.
 * @param system name or UUID of a VM or of the host; null: the host
 * @returns the verdict; a VM that does not run, or has no TPM, is `unreachable`
 * @throws TvdcError `not_found`; TransportError, CimError where the host cannot be asked at all
 */
export async function attest(client: WbemClient, system: string | null, options: AttestOptions): Promise<Verdict> {
  const { verifier, namespace = 'root/tvdc', signal } = options;
  const systems = await listSystems(client, namespace, signal);
  const { host, vms } = systems;
  const names = [host, ...vms].filter(({ name, uuid }) => system === name || system?.toLowerCase() === uuid);
  const found = system === null ? host : names[0];
  if (found === undefined) throw new TvdcError('not_found', `no system ${system} on this host`);
  if (found === host) {
    const result = await attestRound({ ...options, client, vms: [], mode: 'quoted' });
    return result.host?.verdict as Verdict;
  }
  const result = await attestRound({ ...options, client, vms: [found.uuid] });
  const verdict = result.vms[0]?.verdict;
  return verdict ?? verifier.recordUnreachable({ kind: 'vm', uuid: found.uuid }, 'it does not run, or has no TPM');
}
