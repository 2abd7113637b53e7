import { type Clock, type Log, systemClock } from '../../base/index.js';
import type { Connection, Connector } from './connection.js';
import { ProviderProcessError } from './errors.js';
import type { ProcessLimits } from './limits.js';

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export interface KeeperOptions {
  readonly limits: ProcessLimits;
  readonly log: Log;
  /** Whether a conversation that ended begins again although nobody asks anything. */
  readonly restarts: boolean;
  readonly clock?: Clock;
}

/**
 * Keeps the conversation with one provider: begins it when it is needed, and again after it ended, each time later if it does
 * not last.
 */
export class ProviderKeeper {
  readonly name: string;
  readonly #connect: Connector;
  readonly #limits: ProcessLimits;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #restarts: boolean;
  #restart: NodeJS.Timeout | null = null;
  #connection: Connection | null = null;
  #beginning: Promise<Connection> | null = null;
  #failures = 0;
  #notBefore = Number.NEGATIVE_INFINITY;
  #lastFailure = '';
  #closed = false;

  constructor(name: string, connect: Connector, { limits, log, restarts, clock = systemClock }: KeeperOptions) {
    this.name = name;
    this.#connect = connect;
    this.#limits = limits;
    this.#log = log;
    this.#restarts = restarts;
    this.#clock = clock;
  }

  /** The conversation, begun if need be. @throws ProviderProcessError `provider_unavailable` */
  async connection(): Promise<Connection> {
    if (this.#closed) throw new ProviderProcessError('provider_unavailable', `the provider ${this.name} was closed`);
    if (this.#connection !== null && this.#connection.peer.failure === null) return this.#connection;
    this.#beginning ??= this.#begin().finally(() => {
      this.#beginning = null;
    });
    return this.#beginning;
  }

  async #begin(): Promise<Connection> {
    const left = this.#notBefore - this.#clock.monotonic();
    if (left > this.#limits.restartPatience) {
      const seconds = Math.ceil(left / 1000);
      const sentence = `${this.#lastFailure}; it is tried again in ${seconds} s`;
      throw new ProviderProcessError('provider_unavailable', sentence);
    }
    if (left > 0) await wait(left);
    let connection: Connection;
    try {
      connection = await this.#connect();
    } catch (error) {
      const failure = error as ProviderProcessError;
      this.#failed(failure, 0);
      throw failure;
    }
    const since = this.#clock.monotonic();
    this.#connection = connection;
    this.#log.info('provider.started', { provider: this.name });
    void connection.over.then((reason) => {
      if (this.#connection === connection) this.#connection = null;
      if (!this.#closed) this.#failed(reason, this.#clock.monotonic() - since);
    });
    if (this.#closed) await connection.end();
    return connection;
  }

  #failed(reason: ProviderProcessError, lived: number): void {
    this.#failures = lived >= this.#limits.provenAfter ? 1 : this.#failures + 1;
    const pause = Math.min(this.#limits.firstRestart * 2 ** (this.#failures - 1), this.#limits.longestRestart);
    this.#notBefore = this.#clock.monotonic() + pause;
    this.#lastFailure = reason.message;
    this.#log.error('provider.ended', { provider: this.name, reason: reason.message, restartIn: pause });
    if (!this.#restarts || this.#closed) return;
    if (this.#restart !== null) clearTimeout(this.#restart);
    this.#restart = setTimeout(() => void this.connection().catch(() => undefined), pause);
  }

  /** Ends the conversation for good, and the process where we started it. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    await this.#beginning?.catch(() => undefined);
    await this.#connection?.end();
  }
}
