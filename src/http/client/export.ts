import { Pool } from 'undici';
import { decodeExportResponse, encodeExportRequest } from '../../cim/codec/index.js';
import type { CimInstance } from '../../cim/model/index.js';
import { failureInTrailers, toHttpError } from './answer.js';
import { Deadline } from './deadline.js';
import { TransportError } from './errors.js';
import type { SendExportOptions } from './options.js';
import { basicHeader, parseTarget, poolOptions, withoutCredentials } from './target.js';

const defaultTimeout = 10_000;
const largestAnswer = 1024 * 1024;
const mostPools = 200;

/** Delivers indications; keeps the connection to each destination. */
export interface ExportSender {
  /**
   * One delivery (DSP0200 ExportIndication). Resolves when the listener has accepted it.
   * @param url of the destination, path included
   * @throws CimError the listener's refusal @throws TransportError @throws ConfigurationError `bad_url`
   */
  send(url: string, indication: CimInstance, options?: SendExportOptions): Promise<void>;
  close(): Promise<void>;
}

// Listeners accept nothing but exactly one media type, want a length and know no M-POST.
function exportHeaders(authorization: string | null): Record<string, string> {
  const headers: Record<string, string> = {
    'Content-Type': 'text/xml; charset="utf-8"',
    Accept: 'text/xml',
    CIMProtocolVersion: '1.0',
    CIMExport: 'MethodRequest',
    CIMExportMethod: 'ExportIndication',
  };
  if (authorization !== null) headers['Authorization'] = authorization;
  return headers;
}

async function limited(body: AsyncIterable<Uint8Array>, where: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > largestAnswer)
      throw new TransportError('too_large', `${where}: the answer has more than ${largestAnswer} bytes`);
  }
  return Buffer.concat(chunks, length);
}

class PooledSender implements ExportSender {
  readonly #tls: SendExportOptions['tls'];
  readonly #pools = new Map<string, Pool>();
  #sequence = 0;

  constructor(tls: SendExportOptions['tls']) {
    this.#tls = tls;
  }

  #poolFor(origin: string, make: () => Pool): Pool {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      if (this.#pools.size >= mostPools) this.#forgetOldest();
      pool = make();
    } else {
      this.#pools.delete(origin);
    }
    this.#pools.set(origin, pool);
    return pool;
  }

  #forgetOldest(): void {
    const [oldest] = this.#pools;
    if (oldest === undefined) return;
    this.#pools.delete(oldest[0]);
    void oldest[1].close();
  }

  async send(url: string, indication: CimInstance, options: SendExportOptions = {}): Promise<void> {
    const target = parseTarget(url, '/');
    const where = `delivery to ${withoutCredentials(url)}`;
    const tls = options.tls ?? this.#tls;
    const own = options.tls !== undefined;
    const make = (): Pool => new Pool(target.origin, poolOptions(target, tls, 2));
    const body = encodeExportRequest(options.messageId ?? String(++this.#sequence), indication);
    const pool = own ? make() : this.#poolFor(target.socketPath ?? target.origin, make);
    const deadline = new Deadline(options.timeout ?? defaultTimeout, options.signal);
    let answerText: string | null = null;
    try {
      const answer = await pool.request({
        path: target.path,
        method: 'POST',
        headers: exportHeaders(basicHeader(options.user ?? target.user, options.password ?? target.password)),
        body,
        signal: deadline.signal,
      });
      if (answer.statusCode !== 200) throw await toHttpError(answer, where);
      const bytes = await limited(answer.body, where);
      answerText = bytes.toString('utf8', 0, 300);
      const failure = failureInTrailers(answer.trailers);
      if (failure !== null) throw failure;
      decodeExportResponse(bytes);
    } catch (error) {
      throw deadline.explain(error, where, answerText);
    } finally {
      deadline.clear();
      if (own) await pool.destroy();
    }
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}

/** @param options.tls for destinations with https; `send` may name others, which then get a connection of their own */
export function createExportSender(options: { readonly tls?: SendExportOptions['tls'] } = {}): ExportSender {
  return new PooledSender(options.tls);
}

/** One delivery on a connection of its own; see {@link ExportSender.send}. */
export async function sendExport(url: string, indication: CimInstance, options: SendExportOptions = {}): Promise<void> {
  const sender = createExportSender();
  try {
    await sender.send(url, indication, options);
  } finally {
    await sender.close();
  }
}
