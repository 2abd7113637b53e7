import { type Clock, type Randomness, systemClock, systemRandomness, TvdcError } from '../../base/index.js';
import { prefixEnd, type Store } from '../../store/index.js';
import { formatBasic, tryParseBasic } from './basic.js';
import { type Caller, isReservedUser } from './caller.js';
import { RememberedHeaders } from './remembered.js';
import { createSecretRecord, defaultScryptCost, matchesSecret, type ScryptCost, type SecretRecord } from './secrets.js';
import { defaultThrottleLimits, Throttle, type ThrottleLimits } from './throttle.js';

/** What may be shown of an account. Times are milliseconds since 1970. */
export interface Account {
  readonly user: string;
  readonly created: number;
  /** When the secret was last set. */
  readonly secretSet: number;
}

/** Answer to a login. `throttled`: not even looked at, because too many attempts of this source are waiting. */
export type Login =
  | { readonly kind: 'accepted'; readonly caller: Caller }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'wrong' | 'throttled' };

export type AccountErrorCode = 'bad_user_name' | 'weak_secret' | 'account_exists' | 'no_such_account';

export class AccountError extends TvdcError<AccountErrorCode> {}

export interface AccountsOptions {
  readonly clock?: Clock;
  readonly randomness?: Randomness;
  readonly cost?: ScryptCost;
  readonly throttle?: Partial<ThrottleLimits>;
  /** Header values remembered at most. */
  readonly remembered?: number;
  /** Milliseconds for which a verified header value is remembered. */
  readonly rememberedFor?: number;
  /** How the answer to a failed attempt is held back; milliseconds. */
  readonly delay?: (milliseconds: number) => Promise<void>;
  /** Told of every failed attempt; never of the secret. */
  readonly onFailure?: (attempt: {
    readonly user: string | null;
    readonly address: string | null;
    readonly failures: number;
  }) => void;
}

/** The users who may log in with a secret. Changes are durable when the promise resolves. */
export interface Accounts {
  list(): readonly Account[];
  has(user: string): boolean;
  /** @throws AccountError `bad_user_name`, `weak_secret`, `account_exists` */
  create(user: string, secret: string): Promise<void>;
  /** @throws AccountError `no_such_account`, `weak_secret` */
  setSecret(user: string, secret: string): Promise<void>;
  /** @throws AccountError `no_such_account` */
  remove(user: string): Promise<void>;
  /**
   * Checks the value of an Authorization header. The first time costs a derivation off the main thread, afterwards a
   * microsecond. Answers to wrong attempts come late, and later with each one.
   */
  verifyBasic(header: string, address: string | null): Promise<Login>;
  /** The same for a name and a secret that were taken out of their header already. */
  verify(user: string, secret: string, address: string | null): Promise<Login>;
}

interface StoredAccount extends Account {
  readonly secret: SecretRecord;
}

const prefix = 'account/';
const shortestSecret = 8;
const longestSecret = 1024;
const userForm = /^[^\p{Cc}\s:][^\p{Cc}:]{0,63}$/u;

function checkUser(user: string): void {
  if (!userForm.test(user) || isReservedUser(user)) {
    throw new AccountError(
      'bad_user_name',
      'expected 1 to 64 characters without colon or control characters, not "system"',
    );
  }
}

function checkSecret(secret: string): void {
  if (secret.length < shortestSecret || secret.length > longestSecret) {
    throw new AccountError('weak_secret', `expected ${shortestSecret} to ${longestSecret} characters`);
  }
}

function waitFor(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

class StoredAccounts implements Accounts {
  readonly #store: Store;
  readonly #options: AccountsOptions;
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  readonly #cost: ScryptCost;
  readonly #throttle: Throttle;
  readonly #remembered: RememberedHeaders;
  readonly #verifying = new Map<string, Promise<Login>>();
  #decoy: Promise<SecretRecord> | null = null;

  constructor(store: Store, options: AccountsOptions) {
    this.#store = store;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#randomness = options.randomness ?? systemRandomness;
    this.#cost = options.cost ?? defaultScryptCost;
    this.#throttle = new Throttle(this.#clock, { ...defaultThrottleLimits, ...options.throttle });
    this.#remembered = new RememberedHeaders(this.#clock, options.remembered ?? 1000, options.rememberedFor ?? 300_000);
  }

  list(): readonly Account[] {
    const out: Account[] = [];
    let from = prefix;
    for (;;) {
      const page = this.#store.range('security', from, prefixEnd(prefix), 500);
      for (const entry of page) {
        const { user, created, secretSet } = JSON.parse(String(entry.value)) as StoredAccount;
        out.push({ user, created, secretSet });
      }
      const last = page.at(-1);
      if (last === undefined || page.length < 500) return out;
      from = `${last.key}\u0000`;
    }
  }

  has(user: string): boolean {
    return this.#find(user) !== undefined;
  }

  #find(user: string): StoredAccount | undefined {
    const value = this.#store.get('security', prefix + user);
    return value === undefined ? undefined : (JSON.parse(String(value)) as StoredAccount);
  }

  async create(user: string, secret: string): Promise<void> {
    checkUser(user);
    checkSecret(secret);
    const record = await createSecretRecord(secret, this.#randomness, this.#cost);
    const now = this.#clock.now();
    const account: StoredAccount = { user, created: now, secretSet: now, secret: record };
    await this.#store.transaction((tx) => {
      if (tx.get('security', prefix + user) !== undefined) {
        throw new AccountError('account_exists', `there is an account "${user}" already`);
      }
      tx.put('security', prefix + user, JSON.stringify(account));
    });
    this.#remembered.forgetAll();
  }

  async setSecret(user: string, secret: string): Promise<void> {
    checkSecret(secret);
    const record = await createSecretRecord(secret, this.#randomness, this.#cost);
    await this.#store.transaction((tx) => {
      const value = tx.get('security', prefix + user);
      if (value === undefined) throw new AccountError('no_such_account', `there is no account "${user}"`);
      const account = JSON.parse(String(value)) as StoredAccount;
      const changed: StoredAccount = { ...account, secretSet: this.#clock.now(), secret: record };
      tx.put('security', prefix + user, JSON.stringify(changed));
    });
    this.#remembered.forgetAll();
  }

  async remove(user: string): Promise<void> {
    await this.#store.transaction((tx) => {
      if (!tx.delete('security', prefix + user)) {
        throw new AccountError('no_such_account', `there is no account "${user}"`);
      }
    });
    this.#remembered.forgetAll();
  }

  verifyBasic(header: string, address: string | null): Promise<Login> {
    const digest = RememberedHeaders.digest(header);
    const user = this.#remembered.find(digest);
    if (user !== undefined) return Promise.resolve(this.#accept(user, address));
    const key = `${digest}\u0000${address ?? ''}`;
    const running = this.#verifying.get(key);
    if (running !== undefined) return running;
    const verification = this.#verify(header, digest, address).finally(() => this.#verifying.delete(key));
    this.#verifying.set(key, verification);
    return verification;
  }

  verify(user: string, secret: string, address: string | null): Promise<Login> {
    return this.verifyBasic(formatBasic({ user, secret }), address);
  }

  #accept(user: string, address: string | null): Login {
    return { kind: 'accepted', caller: { user, method: 'basic', address } };
  }

  async #verify(header: string, digest: string, address: string | null): Promise<Login> {
    const credentials = tryParseBasic(header);
    const source = `${address ?? ''}\u0000${credentials?.user ?? ''}`;
    if (credentials === null) {
      await this.#fail(source, null, address);
      return { kind: 'refused', reason: 'malformed' };
    }
    if (!this.#throttle.enter(source)) return { kind: 'refused', reason: 'throttled' };
    try {
      const generation = this.#remembered.generation;
      if (await this.#matches(credentials.user, credentials.secret)) {
        this.#throttle.succeeded(source);
        this.#remembered.remember(digest, credentials.user, generation);
        return this.#accept(credentials.user, address);
      }
      await this.#fail(source, credentials.user, address);
      return { kind: 'refused', reason: 'wrong' };
    } finally {
      this.#throttle.leave(source);
    }
  }

  async #matches(user: string, secret: string): Promise<boolean> {
    const account = this.#find(user);
    if (account !== undefined) return matchesSecret(secret, account.secret);
    // An unknown name costs as much as a known one, so that time does not tell which names exist.
    this.#decoy ??= createSecretRecord(this.#randomness.uuid(), this.#randomness, this.#cost);
    await matchesSecret(secret, await this.#decoy);
    return false;
  }

  async #fail(source: string, user: string | null, address: string | null): Promise<void> {
    const wait = this.#throttle.failed(source);
    this.#options.onFailure?.({ user, address, failures: this.#throttle.failuresOf(source) });
    if (wait > 0) await (this.#options.delay ?? waitFor)(wait);
  }
}

/** Accounts kept in the store's area `security`, under keys that begin with `account/`. */
export function createAccounts(store: Store, options: AccountsOptions = {}): Accounts {
  return new StoredAccounts(store, options);
}
