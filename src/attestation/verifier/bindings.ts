import { timingSafeEqual } from 'node:crypto';
import { type Clock, type Randomness } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import { isSameKey, makeCredential, nameOf } from '../../tpm/index.js';
import type { IdentityEvidence, Subject } from '../evidence/index.js';
import {
  decodeAk,
  decodeEk,
  type ChainOptions,
  EvidenceError,
  LookError,
  verifyAkAttributes,
  verifyEkChain,
} from '../verify/index.js';
import { decodeBinding, encodeRecord, keys } from './record.js';
import type { Binding, BindingChallenge } from './types.js';

interface Open {
  readonly secret: Uint8Array;
  readonly binding: Omit<Binding, 'bound'>;
  readonly expires: number;
}

const maxOpen = 10_000;
const secretSize = 32;

/** Credential activation from the verifier's side: which attestation keys lie in which certified TPMs. */
export class Bindings {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  readonly #lifetime: number;
  readonly #chain: ChainOptions;
  readonly #open = new Map<string, Open>();

  constructor(
    ports: { readonly store: Store; readonly clock: Clock; readonly randomness: Randomness },
    chain: ChainOptions,
    lifetime: number,
  ) {
    this.#store = ports.store;
    this.#clock = ports.clock;
    this.#randomness = ports.randomness;
    this.#chain = chain;
    this.#lifetime = lifetime;
  }

  /** @throws EvidenceError */
  async begin(identity: IdentityEvidence, subject: Subject, host: string): Promise<BindingChallenge> {
    const now = this.#clock.now();
    const ak = decodeAk(identity.akPublic);
    verifyAkAttributes(ak);
    const ek = decodeEk(identity.ekPublic);
    const certificate = verifyEkChain(identity.ekCertificateChain, this.#chain, now);
    if (!isSameKey(ek, certificate.publicKey)) throw new EvidenceError('ek_mismatch');
    // A certificate of a virtual TPM names the machine that it belongs to, and its issuer the host; others name neither.
    if (certificate.vm === null ? subject.kind === 'vm' : certificate.vm !== subject.uuid.toLowerCase()) {
      const named = certificate.vm ?? 'no virtual machine';
      throw new EvidenceError('wrong_certificate_subject', { detail: `it names ${named}` });
    }
    if (certificate.issuerHost !== null && certificate.issuerHost !== host.toLowerCase()) {
      throw new EvidenceError('wrong_issuer_host', { detail: `expected ${host}, got ${certificate.issuerHost}` });
    }
    const akName = nameOf(ak);
    const secret = this.#randomness.bytes(secretSize);
    const made = makeCredential(ek, akName, secret, this.#randomness);
    const id = this.#randomness.uuid();
    this.#forgetOld(now);
    const binding = {
      subject,
      host,
      ekCertificateSha256: certificate.fingerprint,
      ekName: nameOf(ek),
      akName,
      akPublic: identity.akPublic,
      assurance: certificate.assurance,
    };
    this.#open.set(id, { secret, binding, expires: now + this.#lifetime });
    return { id, akName, credentialBlob: made.credentialBlob, encryptedSecret: made.secret };
  }

  /** @throws EvidenceError `activation_refused`; LookError `nonce_unknown` */
  async confirm(id: string, answer: Uint8Array): Promise<Binding> {
    const open = this.#open.get(id);
    this.#open.delete(id);
    const now = this.#clock.now();
    if (open === undefined || open.expires <= now) throw new LookError('nonce_unknown');
    if (answer.length !== open.secret.length || !timingSafeEqual(answer, open.secret)) {
      throw new EvidenceError('activation_refused');
    }
    const binding: Binding = { ...open.binding, bound: now };
    await this.#store.transaction((tx) => tx.put('attestation', keys.binding(binding.subject), encodeRecord(binding)));
    return binding;
  }

  get(subject: Subject): Binding | null {
    const text = this.#store.get('attestation', keys.binding(subject));
    return text === undefined ? null : decodeBinding(text);
  }

  async forget(subject: Subject): Promise<void> {
    await this.#store.transaction((tx) => tx.delete('attestation', keys.binding(subject)));
  }

  #forgetOld(now: number): void {
    for (const [id, { expires }] of this.#open) {
      if (expires > now && this.#open.size < maxOpen) break;
      this.#open.delete(id);
    }
  }
}
