import type { AppraisalPolicy, Subject, Verdict, Verifier } from '../../attestation/index.js';
import { createKeyedLock, type Log, messageOf } from '../../base/index.js';
import {
  attestRound,
  type AttestationPolicies,
  type RoundMode,
  type RoundResult,
} from '../../client/management/index.js';
import { TransportError, type WbemClient } from '../../client/index.js';
import { CimError } from '../../cim/index.js';
import type { NamedVerdict } from '../../providers/index.js';
import type { Store } from '../../store/index.js';
import type { Revocations } from './revocations.js';
import { changesBetween, type Snapshot, takeSnapshot } from './snapshot.js';

/** A host that the verifier challenges. */
export interface AttestedHost {
  readonly client: WbemClient;
  readonly policies: AttestationPolicies;
  readonly namespace?: string;
  /** Where it is, as its operator names it: tells which systems cannot be asked while it does not answer. */
  readonly address?: string;
}

/** Told after each verdict: what it is, and whether trust came back. */
type Published = (verdict: NamedVerdict, cleared: boolean) => void;

interface Managed extends AttestedHost {
  readonly namespace: string;
  readonly key: string;
  seen: Snapshot | null;
}

/** Where a system is, or was; `failure` where that host did not answer now. */
interface Home {
  readonly host: Managed;
  readonly seen: Snapshot;
  readonly failure: Error | null;
}

interface Missing {
  readonly host: Managed;
  readonly failure: Error;
}

const namePrefix = 'name/';
const snapshotPrefix = 'snapshot/';
const alertedPrefix = 'alerted/';
const addressPrefix = 'address/';

const has = (seen: Snapshot, system: string): boolean => seen.host === system || seen.vms[system] !== undefined;
/** Whether it is the host's fault that nothing is known, and not ours. */
const isUnanswered = (error: unknown): error is Error => error instanceof TransportError || error instanceof CimError;
/** States in which a machine could have been asked. */
const running: readonly number[] = [2, 9];

/**
 * Carries out rounds over the managed hosts, notices what ends the validity of verdicts, keeps names, and says which
 * verdicts are news. Rounds and looks of one host come one after another.
 */
export class Rounds {
  readonly #verifier: Verifier;
  readonly #hosts: Managed[] = [];
  readonly #store: Store;
  readonly #publish: Published;
  readonly #log: Log;
  readonly #revocations: Revocations;
  readonly #order = createKeyedLock();

  constructor(verifier: Verifier, store: Store, log: Log, revocations: Revocations, publish: Published) {
    this.#verifier = verifier;
    this.#store = store;
    this.#log = log;
    this.#revocations = revocations;
    this.#publish = publish;
  }

  add(host: AttestedHost): number {
    const namespace = host.namespace ?? 'root/tvdc';
    return this.#hosts.push({ ...host, namespace, key: String(this.#hosts.length), seen: null }) - 1;
  }

  nameOf(subject: Subject): string {
    const name = this.#store.get('attestation', namePrefix + subject.uuid);
    return typeof name === 'string' ? name : subject.uuid;
  }

  /**
   * Looks at one managed host, or at all: verdicts on what changed since the last look are pending from now on. A host that
   * cannot be reached is left alone; its verdicts end with their time.
   */
  async look(position: number | null = null): Promise<void> {
    const hosts = position === null ? this.#hosts : this.#hosts.slice(position, position + 1);
    await Promise.all(
      hosts.map(async (host) => {
        try {
          await this.#order.run(host.key, () => this.#lookAt(host));
        } catch (error) {
          this.#log.warn('a managed host cannot be looked at', { error: messageOf(error) });
        }
      }),
    );
  }

  async #lookAt(host: Managed): Promise<Snapshot> {
    const now = await takeSnapshot(host.client, host.namespace);
    await this.#revocations.fetch(host.client, host.namespace);
    const text = this.#store.get('attestation', snapshotPrefix + now.host);
    const before = host.seen ?? (typeof text === 'string' ? (JSON.parse(text) as Snapshot) : null);
    const changes = before === null ? [] : changesBetween(before, now);
    for (const { subject, change } of changes) {
      const { verdict } = this.#verifier.status(subject);
      if (verdict !== null) await this.#verifier.recordStateChange(subject, change);
    }
    const addressKey = host.address === undefined ? null : addressPrefix + host.address;
    const moved = addressKey !== null && this.#store.get('attestation', addressKey) !== now.host;
    if (moved || before === null || JSON.stringify(before) !== JSON.stringify(now)) {
      await this.#store.transaction((tx) => {
        if (addressKey !== null) tx.put('attestation', addressKey, now.host);
        tx.put('attestation', snapshotPrefix + now.host, JSON.stringify(now));
        tx.put('attestation', namePrefix + now.host, now.name);
        for (const [uuid, { name }] of Object.entries(now.vms)) tx.put('attestation', namePrefix + uuid, name);
      });
    }
    host.seen = now;
    return now;
  }

  /** What a host was like when it last answered, in an earlier process too; null: it never did. */
  #lastSeen({ seen, address }: Managed): Snapshot | null {
    if (seen !== null || address === undefined) return seen;
    const uuid = this.#store.get('attestation', addressPrefix + address);
    const text = typeof uuid === 'string' ? this.#store.get('attestation', snapshotPrefix + uuid) : undefined;
    return typeof text === 'string' ? (JSON.parse(text) as Snapshot) : null;
  }

  /** Looks at hosts at the same time, and no longer than until one has the system; who did not answer is added to `missing`. */
  async #lookFor(system: string, hosts: readonly Managed[], missing: Missing[]): Promise<Home | null> {
    const looks = hosts.map(async (host): Promise<Home> => {
      try {
        const seen = await this.#order.run(host.key, () => this.#lookAt(host));
        if (has(seen, system)) return { host, seen, failure: null };
      } catch (error) {
        missing.push({ host, failure: error instanceof Error ? error : new Error(messageOf(error)) });
      }
      throw new Error('not there');
    });
    return Promise.any(looks).catch(() => null);
  }

  /** What a host was like when it last answered, where it had the system then; else null. */
  #hadLast(host: Managed, system: string): Snapshot | null {
    const seen = this.#lastSeen(host);
    return seen !== null && has(seen, system) ? seen : null;
  }

  /**
   * The host that has a system, or had it when it last answered, with what went wrong now; null: none. Where it was last is
   * asked first: a host that hangs is no reason to wait for what runs elsewhere.
   */
  async #homeOf(system: string): Promise<Home | null> {
    const missing: Missing[] = [];
    const known = this.#hosts.filter((host) => this.#hadLast(host, system) !== null);
    const others = this.#hosts.filter((host) => !known.includes(host));
    const home = (await this.#lookFor(system, known, missing)) ?? (await this.#lookFor(system, others, missing));
    if (home !== null) return home;
    for (const { host, failure } of missing) {
      const seen = this.#hadLast(host, system);
      if (seen !== null && isUnanswered(failure)) return { host, seen, failure };
    }
    const [first] = missing;
    if (first !== undefined) throw first.failure;
    return null;
  }

  /** Records that a host, and what ran on it, could not be asked. @returns the verdict on the system named */
  async #missed(seen: Snapshot, system: string, failure: Error): Promise<NamedVerdict | null> {
    const vms = Object.entries(seen.vms).filter(([uuid, { state }]) =>
      system === seen.host ? running.includes(state) : uuid === system,
    );
    const subjects: readonly (readonly [Subject, string])[] = [
      [{ kind: 'host', uuid: seen.host }, seen.name],
      ...vms.map(([uuid, { name }]) => [{ kind: 'vm', uuid }, name] as const),
    ];
    let own: NamedVerdict | null = null;
    for (const [subject, name] of subjects) {
      const verdict = await this.#verifier.recordUnreachable(subject, messageOf(failure));
      await this.tell({ name, verdict });
      if (subject.uuid === system) own = { name, verdict };
    }
    return own;
  }

  /**
   * Records that the host at an address, and what ran on it, could not be asked.
   * @returns the verdicts; none where it never answered
   */
  async missed(address: string, failure: Error): Promise<readonly NamedVerdict[]> {
    const host = this.#hosts.find((item) => item.address === address);
    const seen = host === undefined ? null : this.#lastSeen(host);
    if (host === undefined || seen === null) return [];
    await this.#order.run(host.key, () => this.#missed(seen, seen.host, failure));
    const subjects: readonly Subject[] = [
      { kind: 'host', uuid: seen.host },
      ...Object.keys(seen.vms).map((uuid) => ({ kind: 'vm', uuid }) as const),
    ];
    return subjects.flatMap((subject) => {
      const { verdict } = this.#verifier.status(subject);
      return verdict === null ? [] : [{ name: this.nameOf(subject), verdict }];
    });
  }

  /** How a VM is judged, where a managed host is known to have it; null: not known. */
  policyOf(vm: string): AppraisalPolicy | null {
    for (const host of this.#hosts) {
      const seen = host.seen?.vms[vm];
      if (seen !== undefined) return host.policies.vm(vm, seen.name);
    }
    return null;
  }

  /**
   * A host with all its VMs, or one VM with its host (`vm_only`: without).
   * @returns the verdict on the system named, `unreachable` where its host does not answer; null: no managed host has it
   * @throws TransportError, CimError where a host that was never seen does not answer
   */
  async attest(system: string, mode: RoundMode): Promise<NamedVerdict | null> {
    const home = await this.#homeOf(system);
    if (home === null) return null;
    const { host, seen, failure } = home;
    if (failure !== null) return this.#order.run(host.key, () => this.#missed(seen, system, failure));
    const ofHost = seen.host === system;
    return this.#order.run(host.key, async () => {
      const { client, policies, namespace } = host;
      const vms = ofHost ? (mode === 'vm_only' ? [] : undefined) : [system];
      let result: RoundResult;
      try {
        result = await attestRound({
          verifier: this.#verifier,
          client,
          policies,
          namespace,
          mode: ofHost && mode === 'vm_only' ? 'quoted' : mode,
          ...(vms === undefined ? {} : { vms }),
        });
      } catch (error) {
        // It answered a moment ago, and the round has not come to its systems.
        if (!isUnanswered(error)) throw error;
        return this.#missed(seen, system, error);
      }
      const all = [...(result.host === null ? [] : [result.host]), ...result.vms];
      for (const item of all) await this.tell({ name: item.name, verdict: item.verdict });
      const found = all.find(({ uuid }) => uuid === system);
      if (found !== undefined) return { name: found.name, verdict: found.verdict };
      const subject: Subject = { kind: 'vm', uuid: system };
      const verdict = await this.#verifier.recordUnreachable(subject, 'it does not run, or has no TPM');
      return { name: this.nameOf(subject), verdict };
    });
  }

  /** Waits for what is under way. */
  async settle(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => this.#order.run(host.key, async () => undefined)));
  }

  /** Publishes a verdict where it is news: every one that is not trusted, and the first trusted one after those. */
  async tell({ name, verdict }: { readonly name: string; readonly verdict: Verdict }): Promise<void> {
    const key = alertedPrefix + verdict.subject.uuid;
    const alerted = this.#store.get('attestation', key) !== undefined;
    if (verdict.status === 'trusted') {
      if (!alerted) return;
      await this.#store.transaction((tx) => tx.delete('attestation', key));
      this.#publish({ name, verdict }, true);
      return;
    }
    if (!alerted) await this.#store.transaction((tx) => tx.put('attestation', key, verdict.id));
    this.#publish({ name, verdict }, false);
  }
}
