import { createPrivateKey, type KeyObject } from 'node:crypto';
import { fromBase64, toBase64 } from '../../base/index.js';
import type { StoreTransaction } from '../../store/index.js';
import { VtpmError } from '../errors.js';
import type { StateProtection } from '../state/index.js';
import type { ImportOffer } from './types.js';

const prefix = 'offer/';
const maximumOffers = 256;

/** What a target keeps of an offer until a TPM comes by it. */
export interface OpenOffer {
  readonly offer: Pick<ImportOffer, 'id' | 'vmUuid' | 'nonce' | 'expires'>;
  readonly privateKey: KeyObject;
}

/** Offers of this host that are open: durable, each for one use and until it expires. */
export class Offers {
  readonly #protection: StateProtection;

  constructor(protection: StateProtection) {
    this.#protection = protection;
  }

  has(id: string): boolean {
    return this.#protection.rows.get(prefix + id) !== undefined;
  }

  /** @returns undefined for one that is unknown, was used up or has expired */
  find(id: string, now: number): OpenOffer | undefined {
    const value = this.#protection.rows.get(prefix + id);
    if (typeof value !== 'string') return undefined;
    const open = this.#decode(prefix + id, value);
    return open.offer.expires < now ? undefined : open;
  }

  /** Keeps a new one; those that have expired and earlier ones for the same VM go. @throws VtpmError `vtpm_in_use` */
  add(tx: StoreTransaction, { offer, privateKey }: OpenOffer, now: number): void {
    const { rows, sealer } = this.#protection;
    let open = 0;
    for (const { key, value } of [...rows.list(prefix, tx)]) {
      const { vmUuid, expires } = factsOf(String(value));
      if (expires < now || vmUuid === offer.vmUuid) rows.delete(tx, key);
      else open++;
    }
    if (open >= maximumOffers) throw new VtpmError('vtpm_in_use', 'too many imports are prepared');
    const { id, vmUuid, nonce, expires } = offer;
    const key = sealer.seal(prefix + id, 0, privateKey.export({ type: 'pkcs8', format: 'der' }));
    rows.put(tx, prefix + id, JSON.stringify({ vmUuid, nonce: toBase64(nonce), expires, key: toBase64(key) }));
  }

  use(tx: StoreTransaction, id: string): void {
    this.#protection.rows.delete(tx, prefix + id);
  }

  #decode(row: string, value: string): OpenOffer {
    const { vmUuid, nonce, expires, key } = factsOf(value);
    const der = this.#protection.sealer.open(row, 0, fromBase64(key));
    return {
      offer: { id: row.slice(prefix.length), vmUuid, nonce: fromBase64(nonce), expires },
      privateKey: createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }),
    };
  }
}

interface StoredOffer {
  readonly vmUuid: string;
  readonly nonce: string;
  readonly expires: number;
  /** PKCS #8, sealed. */
  readonly key: string;
}

function factsOf(value: string): StoredOffer {
  return JSON.parse(value) as StoredOffer;
}
