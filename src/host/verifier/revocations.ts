import type { TrustAnchor } from '../../attestation/index.js';
import { type Clock, type Log, messageOf } from '../../base/index.js';
import { ManagedHost, revocationLists } from '../../client/management/index.js';
import type { WbemClient } from '../../client/index.js';
import { prefixEnd, type Store } from '../../store/index.js';
import {
  type CertificateFacts,
  type CrlFacts,
  readCertificate,
  readCrl,
  splitPem,
  verifyChain,
  verifyCrl,
} from '../../vtpm/certificates/index.js';

const area = 'attestation';
const prefix = 'revocations/';
const mostLists = 10_000;
/** Milliseconds; far below the week for which a list is current. */
const renewal = 6 * 3_600_000;

export interface RevocationOptions {
  readonly anchors: readonly TrustAnchor[];
  /** Lists of the operator, DER. */
  readonly revocationLists?: readonly Uint8Array[];
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Revocation lists that the verifier goes by: the operator's, and those that hosts hand out. Of each issuer the newest is kept,
 * over restarts too: a host cannot take a revocation back by an older list, and one that gives none any more is refused when
 * its last one runs out.
 */
export class Revocations {
  readonly #options: RevocationOptions;
  readonly #fetched = new Map<string, CrlFacts>();
  #lists: readonly Uint8Array[];

  constructor(options: RevocationOptions) {
    this.#options = options;
    for (const { key, value } of options.store.range(area, prefix, prefixEnd(prefix), mostLists)) {
      if (value instanceof Uint8Array) this.#fetched.set(key.slice(prefix.length), readCrl(value));
    }
    this.#lists = this.#all();
  }

  /** The same array until something changes. */
  lists(): readonly Uint8Array[] {
    return this.#lists;
  }

  #all(): readonly Uint8Array[] {
    return [...(this.#options.revocationLists ?? []), ...[...this.#fetched.values()].map(({ der }) => der)];
  }

  /** Asks a host for its lists. What is not signed by an authority that the verifier believes is left out, and told. */
  async fetch(client: WbemClient, namespace: string): Promise<void> {
    const { log } = this.#options;
    try {
      const authority = await client.instances('TVDC_CertificateAuthority', { namespace }).first();
      if (authority === undefined) return;
      const issuers = this.#issuers(splitPem(authority.getString('PEM') ?? ''));
      for (const list of await revocationLists(new ManagedHost(client, namespace))) await this.#take(list, issuers);
    } catch (error) {
      log.warn('revocation lists not fetched', { error: messageOf(error) });
    }
  }

  /** The authority of a host, if it is one of this datacenter, and the roots. */
  #issuers(chain: readonly Uint8Array[]): readonly CertificateFacts[] {
    const anchors = this.#options.anchors.map(({ certificate }) => readCertificate(certificate));
    return [...verifyChain(chain, anchors, { now: this.#options.clock.now() }), ...anchors];
  }

  async #take(der: Uint8Array, issuers: readonly CertificateFacts[]): Promise<void> {
    const { store, clock, log } = this.#options;
    const list = readCrl(der);
    const issuer = issuers.find(
      ({ subject, subjectKeyId }) => subject === list.issuer && subjectKeyId === list.authorityKeyId,
    );
    const keyId = issuer?.subjectKeyId ?? null;
    if (issuer === undefined || keyId === null) {
      log.warn('revocation list of a stranger', { issuer: list.issuer });
      return;
    }
    verifyCrl(list, issuer, clock.now());
    const known = this.#fetched.get(keyId);
    if (known !== undefined && (list.number ?? 0n) < (known.number ?? 0n)) {
      log.warn('revocation list is older than the one before', { issuer: list.issuer });
      return;
    }
    // A host signs its list anew for everybody who asks; one that says the same is taken often enough not to run out.
    const isNews = known === undefined || known.revoked.size !== list.revoked.size;
    if (!isNews && list.thisUpdate - known.thisUpdate < renewal) return;
    await store.transaction((tx) => {
      tx.put(area, prefix + keyId, der);
    });
    this.#fetched.set(keyId, list);
    this.#lists = this.#all();
  }
}
