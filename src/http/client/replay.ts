import { TvdcError } from '../../base/index.js';
import {
  type BatchOutcome,
  decodeBatchResponse,
  decodeResponse,
  encodeBatchRequest,
  encodeRequest,
} from '../../cim/codec/index.js';
import type { Batches, CimRequest, CimTransport, ResultOf } from '../../cim/operations/index.js';
import { failureInTrailers } from './answer.js';
import { Deadline } from './deadline.js';
import { TransportError } from './errors.js';
import type { Har, HarEntry } from './har.js';
import { operationName } from './operation.js';
import { redactXml } from './redact.js';

/** Answers from a recording. */
export interface ReplayTransport extends CimTransport {
  callBatch(requests: readonly CimRequest[]): Promise<readonly BatchOutcome[]>;
  /** Recorded exchanges that were not asked for yet, by operation. */
  readonly unused: readonly string[];
}

/** The message without its id; secrets as a recording leaves them, whether it did or not. */
function keyOf(text: string): string {
  return redactXml(text.replace(/(<MESSAGE [^>]*?\bID=")[^"]*/, '$1'));
}

interface Line {
  readonly entries: readonly HarEntry[];
  next: number;
}

function unreadable(message: string): TvdcError {
  return new TvdcError('bad_recording', message);
}

function explain(operation: string, error: unknown): Error {
  return error instanceof TvdcError && error.code === 'not_recorded'
    ? error
    : new Deadline(0, undefined).explain(error, `${operation} in the recording`, null);
}

async function explained<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explain(operation, error);
  }
}

async function* explainedBatches<T>(operation: string, batches: Batches<T>): AsyncGenerator<readonly T[]> {
  try {
    yield* batches;
  } catch (error) {
    throw explain(operation, error);
  }
}

class Replay implements ReplayTransport {
  readonly #lines = new Map<string, Line>();

  constructor(har: Har) {
    if (!Array.isArray(har?.log?.entries)) throw unreadable('expected a HAR document, which has log.entries');
    const grouped = new Map<string, HarEntry[]>();
    for (const entry of har.log.entries as readonly HarEntry[]) {
      const text = entry.request?.postData?.text;
      if (typeof text !== 'string' || typeof entry.response?.content?.text !== 'string') continue;
      const key = keyOf(text);
      const group = grouped.get(key);
      if (group === undefined) grouped.set(key, [entry]);
      else group.push(entry);
    }
    for (const [key, entries] of grouped) this.#lines.set(key, { entries, next: 0 });
  }

  get unused(): readonly string[] {
    return [...this.#lines.values()].flatMap(({ entries, next }) =>
      entries.slice(next).map((entry) => entry._operation ?? entry.request.url),
    );
  }

  /** The next answer to this message; the last one again where no more were recorded. */
  #find(operation: string, body: Buffer): HarEntry {
    const line = this.#lines.get(keyOf(body.toString('utf8')));
    const entry = line?.entries[Math.min(line.next, line.entries.length - 1)];
    if (line === undefined || entry === undefined) {
      throw new TvdcError('not_recorded', `${operation}: the recording has no such request`);
    }
    line.next++;
    return entry;
  }

  async *#chunks({ response }: HarEntry): AsyncGenerator<Uint8Array, void, undefined> {
    yield Buffer.from(response.content.text);
    const trailers = Object.fromEntries((response._trailers ?? []).map(({ name, value }) => [name, value]));
    const failure = failureInTrailers(trailers);
    if (failure !== null) throw failure;
    if (response._error !== undefined) throw new TransportError('unreachable', response._error);
  }

  #answered(operation: string, body: Buffer): HarEntry {
    const entry = this.#find(operation, body);
    const { status } = entry.response;
    const where = `${operation} in the recording`;
    if (status === 0) throw new TransportError('unreachable', `${where}: ${entry.response._error ?? 'no answer'}`);
    if (status !== 200) {
      const code = status === 401 ? 'unauthorized' : 'http';
      throw new TransportError(code, `${where}: HTTP status ${status}`, { status });
    }
    return entry;
  }

  async call<R extends CimRequest>(request: R): Promise<ResultOf<R>> {
    const operation = operationName(request);
    const entry = this.#answered(operation, encodeRequest('', request));
    const result = await explained(operation, () => decodeResponse(request, this.#chunks(entry)));
    if (!('batches' in result)) return result;
    const batches: Batches<unknown> = result.batches;
    return { ...result, batches: explainedBatches(operation, batches) };
  }

  callBatch(requests: readonly CimRequest[]): Promise<readonly BatchOutcome[]> {
    return explained('MULTIREQ', () => {
      const entry = this.#answered('MULTIREQ', encodeBatchRequest('', requests));
      return decodeBatchResponse(requests, this.#chunks(entry));
    });
  }
}

/**
 * A transport that answers from a recording, for tests without a server. Requests are found by their text; equal ones are
 * answered in the order of the recording.
 * @throws TvdcError `bad_recording`; operations `not_recorded` where nothing fits
 */
export function createReplayTransport(har: Har): ReplayTransport {
  return new Replay(har);
}
