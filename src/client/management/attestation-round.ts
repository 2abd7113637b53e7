import {
  type AppraisalPolicy,
  hostExtraData,
  quotedMember,
  type RoundMember,
  type Subject,
  type Verdict,
  type Verifier,
  vmExtraData,
} from '../../attestation/index.js';
import { messageOf, TvdcError } from '../../base/index.js';
import { type CimInstancePath, stringKey } from '../../cim/index.js';
import type { WbemClient } from '../wbem/index.js';
import { type FetchedEvidence, RemoteTpm } from './evidence.js';

/** What the management stack wants of hosts and VMs. */
export interface AttestationPolicies {
  readonly host: AppraisalPolicy;
  /** By UUID and name of the VM. */
  vm(uuid: string, name: string): AppraisalPolicy;
}

export interface RoundOptions {
  readonly verifier: Verifier;
  readonly client: WbemClient;
  readonly namespace?: string;
  readonly policies: AttestationPolicies;
  /** Only these VMs, by UUID; all that run if left out. */
  readonly vms?: readonly string[];
  readonly signal?: AbortSignal;
  /** Told what is being done. */
  readonly progress?: (step: string) => void;
}

export interface SubjectVerdict {
  readonly name: string;
  readonly uuid: string;
  readonly verdict: Verdict;
}

/** Verdicts of one round: the host first, then its VMs in the order of their names. */
export interface RoundResult {
  readonly host: SubjectVerdict;
  readonly vms: readonly SubjectVerdict[];
}

interface Target {
  readonly subject: Subject;
  readonly name: string;
  readonly tpm: RemoteTpm;
}

const vmSelection = 'sha256:0-10';
const hostSelection = 'sha256:0-10,13';

/**
 * One round of attestation over CIM: binds what is not bound yet by credential activation, challenges every VM and then the
 * host with one fresh nonce, and has the verifier judge the host first.
 */
export async function attestRound(options: RoundOptions): Promise<RoundResult> {
  const round = new Round(options);
  return round.run();
}

class Round {
  readonly #options: RoundOptions;
  readonly #namespace: string;

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#namespace = options.namespace ?? 'root/tvdc';
  }

  #say(step: string): void {
    this.#options.progress?.(step);
  }

  async run(): Promise<RoundResult> {
    const { verifier } = this.#options;
    const { host, vms } = await this.#targets();
    const challenge = verifier.challenge();

    const fetched = new Map<string, FetchedEvidence>();
    const failed = new Map<string, string>();
    for (const target of vms) {
      this.#say(`challenging ${target.name}`);
      try {
        const ekName = (await this.#bind(target, host.subject.uuid)).ekName;
        const { uuid } = target.subject;
        const policy = this.#options.policies.vm(uuid, target.name);
        fetched.set(uuid, await this.#fetch(target, policy, vmExtraData(challenge.nonce, uuid, ekName), vmSelection));
      } catch (error) {
        failed.set(target.subject.uuid, messageOf(error));
      }
    }

    const members: RoundMember[] = [...fetched].map(([vm, item]) => quotedMember(vm, item.evidence.quote));
    this.#say(`challenging ${host.name}`);
    const hostVerdict = await this.#judgeHost(host, challenge, members);
    const out: SubjectVerdict[] = [];
    for (const target of vms) {
      const { uuid } = target.subject;
      const item = fetched.get(uuid);
      const verdict =
        item === undefined
          ? await verifier.recordUnreachable(target.subject, failed.get(uuid) ?? 'no answer')
          : await verifier.judgeVm(item.evidence, hostVerdict, {
              challenge,
              policy: this.#options.policies.vm(uuid, target.name),
              vm: uuid,
              host: host.subject.uuid,
            });
      out.push({ name: target.name, uuid, verdict });
    }
    return { host: { name: host.name, uuid: host.subject.uuid, verdict: hostVerdict }, vms: out };
  }

  async #judgeHost(
    host: Target,
    challenge: ReturnType<Verifier['challenge']>,
    members: readonly RoundMember[],
  ): Promise<Verdict> {
    const { verifier, policies } = this.#options;
    let item: FetchedEvidence;
    try {
      await this.#bind(host, host.subject.uuid);
      item = await this.#fetch(host, policies.host, hostExtraData(challenge.nonce, members), hostSelection);
    } catch (error) {
      return verifier.recordUnreachable(host.subject, messageOf(error));
    }
    return verifier.judgeHost(item.evidence, { challenge, policy: policies.host, host: host.subject.uuid, members });
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
    if (known !== null) return known;
    this.#say(`binding the attestation key of ${target.name}`);
    const challenge = await verifier.bindAk(await target.tpm.identity(signal), target.subject, host);
    const answer = await target.tpm.activate(challenge.credentialBlob, challenge.encryptedSecret, signal);
    return verifier.confirmBinding(challenge.id, answer);
  }

  async #targets(): Promise<{ readonly host: Target; readonly vms: readonly Target[] }> {
    const { client } = this.#options;
    const options = { namespace: this.#namespace };
    const system = await client.instances('TVDC_HostSystem', options).first();
    if (system === undefined) throw new TvdcError('not_found', 'the server has no TVDC_HostSystem');
    const hostUuid = system.getString('Name') ?? '';
    const names = new Map<string, { readonly name: string; readonly running: boolean }>();
    for await (const vm of client.instances('TVDC_ComputerSystem', options)) {
      const running = [2, 9].includes(vm.getNumber('EnabledState') ?? 0);
      names.set(vm.getString('Name') ?? '', { name: vm.getString('ElementName') ?? '', running });
    }
    let host: Target | undefined;
    const vms: Target[] = [];
    for await (const path of client.instancePaths('TVDC_TPM', options)) {
      const target = this.#targetOf(path, hostUuid, system.getString('ElementName') ?? hostUuid, names);
      if (target === null) continue;
      if (target.subject.kind === 'host') host = target;
      else vms.push(target);
    }
    if (host === undefined) throw new TvdcError('not_found', 'the host has no TPM: nothing of it can be proven');
    return { host, vms: vms.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  }

  #targetOf(
    path: CimInstancePath,
    hostUuid: string,
    hostName: string,
    vms: ReadonlyMap<string, { readonly name: string; readonly running: boolean }>,
  ): Target | null {
    const tpm = new RemoteTpm(this.#options.client, path, this.#namespace);
    const system = stringKey(path, 'SystemName') ?? '';
    if (system === hostUuid) return { subject: { kind: 'host', uuid: hostUuid }, name: hostName, tpm };
    const vm = vms.get(system);
    if (vm === undefined || !vm.running) return null;
    if (this.#options.vms !== undefined && !this.#options.vms.includes(system)) return null;
    return { subject: { kind: 'vm', uuid: system }, name: vm.name, tpm };
  }
}
