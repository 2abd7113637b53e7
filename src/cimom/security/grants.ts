import { TvdcError } from '../../base/index.js';
import { prefixEnd, type Store, type StoreTransaction } from '../../store/index.js';

/** `datacenter-admin` everything in its datacenter; `tvdc-admin` its workloads; `observer` reads; `peer` another host: no workload. */
export const roles = ['datacenter-admin', 'tvdc-admin', 'observer', 'peer'] as const;
export type Role = (typeof roles)[number];

/** A role given to a user for a virtual datacenter and some of its trusted virtual domains. */
export interface Grant {
  readonly user: string;
  readonly role: Role;
  /** Identifier of the TVDC_VirtualDatacenter; null: any, also none. */
  readonly datacenter: string | null;
  /** Identifiers of the TVDs; null: all. */
  readonly domains: readonly string[] | null;
}

/** The part of the grants that decisions need. */
export interface GrantsReader {
  /** The same array until grants change: whoever derives something from it may remember that for the array. */
  of(user: string): readonly Grant[];
}

export type GrantErrorCode = 'bad_grant' | 'no_such_grant';

export class GrantError extends TvdcError<GrantErrorCode> {}

/** Who has which role where. One grant for each user, role and datacenter. */
export interface Grants extends GrantsReader {
  list(): readonly Grant[];
  /**
   * Replaces the domains of an equal grant. Durable when the promise resolves.
   * @param record writes what must not be missing beside the change: its audit record
   * @throws GrantError `bad_grant`
   */
  grant(grant: Grant, record?: (tx: StoreTransaction) => void): Promise<void>;
  /** @throws GrantError `no_such_grant` */
  revoke(user: string, role: Role, datacenter: string | null, record?: (tx: StoreTransaction) => void): Promise<void>;
  /** Takes everything from a user, as when the account is removed. @returns how many grants there were */
  revokeAll(user: string): Promise<number>;
}

const prefix = 'grant/';
const none: readonly Grant[] = [];

export function isRole(text: string): text is Role {
  return (roles as readonly string[]).includes(text);
}

function storeKey(user: string, role: Role, datacenter: string | null): string {
  const place = datacenter === null ? '*' : `=${encodeURIComponent(datacenter)}`;
  return `${prefix}${encodeURIComponent(user)}/${role}/${place}`;
}

class StoredGrants implements Grants {
  readonly #store: Store;
  readonly #byKey = new Map<string, Grant>();
  #byUser: ReadonlyMap<string, readonly Grant[]> = new Map();

  constructor(store: Store) {
    this.#store = store;
    let from = prefix;
    for (;;) {
      const page = store.range('security', from, prefixEnd(prefix), 500);
      for (const entry of page) this.#byKey.set(entry.key, JSON.parse(String(entry.value)) as Grant);
      const last = page.at(-1);
      if (last === undefined || page.length < 500) break;
      from = `${last.key}\u0000`;
    }
    this.#index();
  }

  #index(): void {
    const byUser = new Map<string, Grant[]>();
    for (const grant of this.#byKey.values()) {
      const grants = byUser.get(grant.user);
      if (grants === undefined) byUser.set(grant.user, [grant]);
      else grants.push(grant);
    }
    this.#byUser = byUser;
  }

  of(user: string): readonly Grant[] {
    return this.#byUser.get(user) ?? none;
  }

  list(): readonly Grant[] {
    return [...this.#byKey.values()];
  }

  async grant(grant: Grant, record?: (tx: StoreTransaction) => void): Promise<void> {
    if (grant.user === '' || !isRole(grant.role) || grant.datacenter === '' || grant.domains?.includes('')) {
      throw new GrantError('bad_grant', 'expected a user, a known role, and identifiers that are not empty');
    }
    const key = storeKey(grant.user, grant.role, grant.datacenter);
    const kept: Grant = { ...grant, domains: grant.domains === null ? null : [...new Set(grant.domains)] };
    await this.#store.transaction((tx) => {
      tx.put('security', key, JSON.stringify(kept));
      record?.(tx);
    });
    this.#byKey.set(key, kept);
    this.#index();
  }

  async revoke(
    user: string,
    role: Role,
    datacenter: string | null,
    record?: (tx: StoreTransaction) => void,
  ): Promise<void> {
    const key = storeKey(user, role, datacenter);
    await this.#store.transaction((tx) => {
      if (!tx.delete('security', key)) throw new GrantError('no_such_grant', `"${user}" has no such grant`);
      record?.(tx);
    });
    this.#byKey.delete(key);
    this.#index();
  }

  async revokeAll(user: string): Promise<number> {
    const keys = this.of(user).map((grant) => storeKey(grant.user, grant.role, grant.datacenter));
    await this.#store.transaction((tx) => {
      for (const key of keys) tx.delete('security', key);
    });
    for (const key of keys) this.#byKey.delete(key);
    this.#index();
    return keys.length;
  }
}

/** Grants kept in the store's area `security`, under keys that begin with `grant/`; held in memory for decisions. */
export function createGrants(store: Store): Grants {
  return new StoredGrants(store);
}
