import { parseChallenges } from './challenge.js';
import { type Credentials, type DigestRequest, DigestSession } from './digest.js';
import { basicHeader, type HttpTarget, isRemote } from './target.js';

/**
 * How a client proves who it is. `basic`: with every request, whatever the server asks. `digest`: never but by Digest (RFC
 * 7616). `auto`: by Digest where the server asks for it; Basic goes along unasked only where nobody else can read it
 * (verified TLS, a Unix socket, loopback); elsewhere the server is asked first, with an empty message.
 */
export const authenticationModes = ['auto', 'basic', 'digest'] as const;
export type AuthenticationMode = (typeof authenticationModes)[number];

function isUnheard(target: HttpTarget, isVerified: boolean): boolean {
  return !isRemote(target) || (target.secure && isVerified);
}

/** What a client knows of the way its server wants it to log in. */
export class Authentication {
  readonly #mode: AuthenticationMode;
  readonly #credentials: Credentials | null;
  readonly #basic: string | null;
  #session: DigestSession | null = null;
  #isAsked: boolean;

  constructor(
    mode: AuthenticationMode,
    target: HttpTarget,
    given: { readonly user: string | null; readonly password: string | null; readonly verified: boolean },
  ) {
    this.#mode = mode;
    this.#credentials = given.user === null ? null : { user: given.user, password: given.password ?? '' };
    this.#basic = mode === 'digest' ? null : basicHeader(given.user, given.password);
    this.#isAsked =
      this.#credentials === null || mode === 'basic' || (mode === 'auto' && isUnheard(target, given.verified));
  }

  /** Whether the server must be asked before anything is sent to it. */
  get isUnknown(): boolean {
    return !this.#isAsked;
  }

  /** Value of the Authorization header; null: there is none to be sent. */
  header(request: DigestRequest): string | null {
    if (this.#session !== null) return this.#session.authorize(request);
    return this.#isAsked ? this.#basic : null;
  }

  /** The server was asked and has not refused: it does not care, or says later what it wants. */
  settle(): void {
    this.#isAsked = true;
  }

  /**
   * Learns from a refusal (401).
   * @param sent Authorization of the request that was refused
   * @returns whether the same request may go now
   */
  learn(values: readonly string[], sent: string | null): boolean {
    const credentials = this.#credentials;
    if (credentials === null || this.#mode === 'basic') return false;
    this.#isAsked = true;
    const challenges = parseChallenges(values);
    for (const challenge of challenges) {
      const session = DigestSession.begin(challenge, credentials);
      if (session === null) continue;
      const isStale = challenge.parameters.get('stale')?.toLowerCase() === 'true';
      // A digest over a nonce that is still good was refused: it is the secret that is wrong.
      if (sent?.startsWith('Digest ') === true && !isStale) return false;
      this.#session = session;
      return true;
    }
    return sent === null && this.#basic !== null && challenges.some(({ scheme }) => scheme === 'basic');
  }

  /** Authentication-Info of an answer: the server may name the nonce that it wants next. */
  accept(info: string | null): void {
    if (this.#session === null || info === null) return;
    const [found] = parseChallenges([`Digest ${info}`]);
    const nonce = found?.parameters.get('nextnonce');
    if (nonce !== undefined && nonce !== this.#session.nonce) this.#session = this.#session.next(nonce);
  }
}
