import { Pool, type Dispatcher } from 'undici';
import { Authentication } from './authentication.js';
import { headerOf } from './answer.js';
import type { Deadline } from './deadline.js';
import type { HttpTransportOptions } from './options.js';
import { type HttpTarget, poolOptions } from './target.js';

const mostAttempts = 3;
const restBytes = 64 * 1024;
const restMilliseconds = 1000;

/** Reads the little that is left of an answer, so that its connection can be used again; a long rest is cut off. */
export async function forgetRest(answer: Dispatcher.ResponseData): Promise<void> {
  const signal = AbortSignal.timeout(restMilliseconds);
  await answer.body.dump({ limit: restBytes, signal }).catch(() => undefined);
}

function challengesOf(answer: Dispatcher.ResponseData): readonly string[] {
  const values = answer.headers['www-authenticate'];
  return values === undefined ? [] : [values].flat();
}

/** Connections to one server, and the way it wants us to log in. */
export class AuthenticatingPool {
  readonly #target: HttpTarget;
  readonly #pool: Pool;
  readonly #authentication: Authentication;
  #asking: Promise<void> | null = null;

  constructor(target: HttpTarget, options: HttpTransportOptions) {
    this.#target = target;
    this.#pool = new Pool(target.origin, poolOptions(target, options.tls, options.connections));
    this.#authentication = new Authentication(options.authentication ?? 'auto', target, {
      user: options.user ?? target.user,
      password: options.password ?? target.password,
      verified: options.tls?.verify !== false,
    });
  }

  /** Sends a message, again where a challenge or a stale nonce is answered. @param headers get their Authorization here */
  async post(
    headers: Record<string, string>,
    body: Buffer,
    signal: Deadline['signal'],
  ): Promise<Dispatcher.ResponseData> {
    const { path } = this.#target;
    if (this.#authentication.isUnknown) await (this.#asking ??= this.#ask(headers, signal));
    for (let attempt = 1; ; attempt++) {
      const authorization = this.#authentication.header({ method: 'POST', uri: path, body });
      if (authorization !== null) headers['Authorization'] = authorization;
      const answer = await this.#pool.request({ path, method: 'POST', headers, body, signal });
      this.#authentication.accept(headerOf(answer.headers, 'authentication-info'));
      const isRefused = answer.statusCode === 401 && attempt < mostAttempts;
      if (!isRefused || !this.#authentication.learn(challengesOf(answer), authorization)) return answer;
      await forgetRest(answer);
    }
  }

  /** An empty message, which no server carries out, to learn how it wants us to log in. */
  async #ask(headers: Record<string, string>, signal: Deadline['signal']): Promise<void> {
    try {
      const answer = await this.#pool.request({ path: this.#target.path, method: 'POST', headers, body: '', signal });
      await forgetRest(answer);
      if (answer.statusCode === 401) this.#authentication.learn(challengesOf(answer), null);
      else this.#authentication.settle();
    } finally {
      this.#asking = null;
    }
  }

  destroy(): Promise<void> {
    return this.#pool.destroy();
  }
}
