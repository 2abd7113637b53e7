import { timingSafeEqual } from 'node:crypto';
import { type Clock, fromBase64, hash, type Randomness, toBase64, toHex } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import { isSameKey, makeCredential, nameOf } from '../../tpm/index.js';
import { type IdentityEvidence, type Subject, subjectKey } from '../evidence/index.js';
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
  readonly chain: readonly Uint8Array[];
  readonly binding: Omit<Binding, 'bound'>;
  readonly expires: number;
}

const maxOpen = 10_000;
const secretSize = 32;
/** Validity of certificates is looked at again after this time, and whenever the revocation lists change. */
const recheckTime = 3_600_000;

/** Bindings that are kept decoded. */
const mostDecoded = 5000;

/** A binding whose chain was found valid: with which lists, and when. */
interface Checked {
  readonly binding: Binding;
  readonly lists: readonly Uint8Array[];
  readonly time: number;
}

/** Credential activation from the verifier's side: which attestation keys lie in which certified TPMs. */
export class Bindings {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  readonly #lifetime: number;
  readonly #chain: ChainOptions;
  readonly #open = new Map<string, Open>();
  readonly #checked = new Map<string, Checked>();

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
    // The root says in the authority's certificate which TPM the host has: the authority, whose key lies at the host, cannot name
    // another.
    const ownEk = toHex(hash('sha256', certificate.publicKeyDer));
    if (subject.kind === 'host' && certificate.issuerHost !== null && certificate.issuerHostEkHash !== ownEk) {
      throw new EvidenceError('ek_mismatch', {
        detail: "it is not the one that the root has certified the host's authority for",
      });
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
    this.#open.set(id, { secret, chain: identity.ekCertificateChain, binding, expires: now + this.#lifetime });
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
    await this.#store.transaction((tx) => {
      tx.put('attestation', keys.binding(binding.subject), encodeRecord(binding));
      tx.put('attestation', keys.chain(binding.subject), JSON.stringify(open.chain.map(toBase64)));
      tx.afterCommit(() => this.#checked.delete(subjectKey(binding.subject)));
    });
    return binding;
  }

  /** A binding holds as long as the certificates that it rests on: revoked or expired, it must be made anew. */
  get(subject: Subject): Binding | null {
    const lists = this.#chain.revocationLists;
    const now = this.#clock.now();
    const key = subjectKey(subject);
    const known = this.#checked.get(key);
    if (known?.lists === lists && Math.abs(now - known.time) < recheckTime) return known.binding;
    const text = this.#store.get('attestation', keys.binding(subject));
    if (text === undefined || !this.#isCertified(subject, now)) return null;
    const binding = decodeBinding(text);
    if (this.#checked.size >= mostDecoded) this.#checked.clear();
    this.#checked.set(key, { binding, lists, time: now });
    return binding;
  }

  async forget(subject: Subject): Promise<void> {
    await this.#store.transaction((tx) => {
      tx.delete('attestation', keys.binding(subject));
      tx.delete('attestation', keys.chain(subject));
      tx.afterCommit(() => this.#checked.delete(subjectKey(subject)));
    });
  }

  #isCertified(subject: Subject, now: number): boolean {
    const chain = this.#store.get('attestation', keys.chain(subject));
    if (typeof chain !== 'string') return false;
    try {
      verifyEkChain((JSON.parse(chain) as readonly string[]).map(fromBase64), this.#chain, now);
      return true;
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      return false;
    }
  }

  #forgetOld(now: number): void {
    for (const [id, { expires }] of this.#open) {
      if (expires > now && this.#open.size < maxOpen) break;
      this.#open.delete(id);
    }
  }
}
