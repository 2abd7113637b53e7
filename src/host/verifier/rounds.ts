import type { Subject, Verdict, Verifier } from '../../attestation/index.js';
import type { Store } from '../../store/index.js';
import { attestRound, type AttestationPolicies } from '../../client/management/index.js';
import type { WbemClient } from '../../client/index.js';
import type { NamedVerdict } from '../../providers/index.js';

/** A host that the verifier challenges. */
export interface AttestedHost {
  readonly client: WbemClient;
  readonly policies: AttestationPolicies;
}

/** Told after each verdict: what it is and what the subject's last published one was. */
type Published = (verdict: NamedVerdict, cleared: boolean) => void;

const namePrefix = 'name/';

/** Carries out rounds over the managed hosts, keeps names, and says which verdicts are news. */
export class Rounds {
  readonly #verifier: Verifier;
  readonly #hosts: AttestedHost[] = [];
  readonly #store: Store;
  readonly #alerted = new Set<string>();
  readonly #publish: Published;

  constructor(verifier: Verifier, store: Store, publish: Published) {
    this.#verifier = verifier;
    this.#store = store;
    this.#publish = publish;
  }

  add(host: AttestedHost): void {
    this.#hosts.push(host);
  }

  nameOf(subject: Subject): string {
    const name = this.#store.get('attestation', namePrefix + subject.uuid);
    return typeof name === 'string' ? name : subject.uuid;
  }

  /** One round over every managed host that has the system; null: none has it. */
  async attest(system: string): Promise<NamedVerdict | null> {
    let found: NamedVerdict | null = null;
    for (const host of this.#hosts) {
      const result = await attestRound({ verifier: this.#verifier, client: host.client, policies: host.policies });
      for (const item of [result.host, ...result.vms]) {
        await this.#store.transaction((tx) => tx.put('attestation', namePrefix + item.uuid, item.name));
        this.#tell(item.name, item.verdict);
        if (item.uuid === system) found = { name: item.name, verdict: item.verdict };
      }
      if (found !== null) return found;
    }
    return found;
  }

  #tell(name: string, verdict: Verdict): void {
    const key = verdict.subject.uuid;
    if (verdict.status === 'trusted') {
      if (this.#alerted.delete(key)) this.#publish({ name, verdict }, true);
      return;
    }
    this.#alerted.add(key);
    this.#publish({ name, verdict }, false);
  }
}
