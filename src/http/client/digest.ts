// HTTP Digest access authentication, the client's side (RFC 7616), with what RFC 2069 servers still ask for.
import { createHash, randomBytes } from 'node:crypto';
import type { Challenge } from './challenge.js';

/** Algorithms by their names on the wire (RFC 7616 6.1), and what node calls them. */
const algorithms = { 'sha-256': 'sha256', 'sha-512-256': 'sha512-256', md5: 'md5' } as const;
type Algorithm = keyof typeof algorithms;

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What a digest is made over. */
export interface DigestRequest {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly uri: string;
  readonly body: Uint8Array;
}

function hash(algorithm: Algorithm, data: string | Uint8Array): string {
  return createHash(algorithms[algorithm]).update(data).digest('hex');
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** RFC 8187, for names that a header cannot carry. */
function extended(text: string): string {
  return `UTF-8''${encodeURIComponent(text).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`;
}

function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** One nonce of a server, and how often it was used. */
export class DigestSession {
  readonly nonce: string;
  readonly #challenge: Challenge;
  readonly #credentials: Credentials;
  readonly #algorithm: Algorithm;
  readonly #isSession: boolean;
  readonly #qop: 'auth' | 'auth-int' | null;
  readonly #clientNonce: string;
  readonly #secret: string;
  #count = 0;

  private constructor(
    challenge: Challenge,
    algorithm: Algorithm,
    qop: 'auth' | 'auth-int' | null,
    credentials: Credentials,
    clientNonce: string,
  ) {
    this.#challenge = challenge;
    this.#credentials = credentials;
    this.#algorithm = algorithm;
    this.#isSession = this.#text('algorithm').toLowerCase().endsWith('-sess');
    this.#qop = qop;
    this.nonce = this.#text('nonce');
    this.#clientNonce = clientNonce;
    const known = hash(algorithm, `${credentials.user}:${this.#text('realm')}:${credentials.password}`);
    this.#secret = this.#isSession ? hash(algorithm, `${known}:${this.nonce}:${clientNonce}`) : known;
  }

  /** Null: the challenge is no Digest, or asks for what we cannot do. @param clientNonce for tests */
  static begin(
    challenge: Challenge,
    credentials: Credentials,
    clientNonce: string = randomBytes(24).toString('base64'),
  ): DigestSession | null {
    const { scheme, parameters } = challenge;
    if (scheme !== 'digest' || !parameters.has('nonce') || !parameters.has('realm')) return null;
    const name = (parameters.get('algorithm') ?? 'MD5').toLowerCase().replace(/-sess$/, '');
    if (!Object.hasOwn(algorithms, name)) return null;
    const offered = parameters
      .get('qop')
      ?.toLowerCase()
      .split(/[\s,]+/);
    const qop = offered === undefined ? null : (['auth', 'auth-int'] as const).find((one) => offered.includes(one));
    if (qop === undefined) return null;
    return new DigestSession(challenge, name as Algorithm, qop, credentials, clientNonce);
  }

  #text(name: string): string {
    return this.#challenge.parameters.get(name) ?? '';
  }

  /** The same session with the nonce that the server wants next (Authentication-Info). */
  next(nonce: string): DigestSession {
    const parameters = new Map(this.#challenge.parameters).set('nonce', nonce);
    const challenge = { ...this.#challenge, parameters };
    return new DigestSession(challenge, this.#algorithm, this.#qop, this.#credentials, this.#clientNonce);
  }

  /** Value of the Authorization header; each use counts. */
  authorize({ method, uri, body }: DigestRequest): string {
    const algorithm = this.#algorithm;
    const qop = this.#qop;
    const count = (++this.#count).toString(16).padStart(8, '0');
    const target = `${method}:${uri}${qop === 'auth-int' ? `:${hash(algorithm, body)}` : ''}`;
    const uses = qop === null ? this.nonce : `${this.nonce}:${count}:${this.#clientNonce}:${qop}`;
    const fields = [
      this.#userField(),
      `realm=${quoted(this.#text('realm'))}`,
      `nonce=${quoted(this.nonce)}`,
      `uri=${quoted(uri)}`,
      `response="${hash(algorithm, `${this.#secret}:${uses}:${hash(algorithm, target)}`)}"`,
    ];
    const { parameters } = this.#challenge;
    const named = parameters.get('algorithm');
    if (named !== undefined) fields.push(`algorithm=${named}`);
    if (parameters.has('opaque')) fields.push(`opaque=${quoted(this.#text('opaque'))}`);
    if (qop !== null) fields.push(`qop=${qop}`, `nc=${count}`);
    if (qop !== null || this.#isSession) fields.push(`cnonce=${quoted(this.#clientNonce)}`);
    if (this.#hashesUser) fields.push('userhash=true');
    return `Digest ${fields.join(', ')}`;
  }

  get #hashesUser(): boolean {
    return this.#text('userhash').toLowerCase() === 'true';
  }

  #userField(): string {
    const { user } = this.#credentials;
    if (this.#hashesUser) return `username="${hash(this.#algorithm, `${user}:${this.#text('realm')}`)}"`;
    return isPlain(user) ? `username=${quoted(user)}` : `username*=${extended(user)}`;
  }
}
