import { Utf8Stream, xmlIncomplete } from '../../xml/index.js';
import type { CimError, CimRequest, CimResult, ResultOf } from '../operations/index.js';
import { Answer, type AnswerItem } from './answer.js';
import { batchOf, resultOf, streamedKind, streamedResult } from './answer-result.js';
import { createReader } from './create-reader.js';
import { answerLimits, type CodecLimits, limitsOver } from './limits.js';
import { asCodecError, type CimXmlReader, type ToleratedFault } from './reader.js';

export interface DecodeResponseOptions {
  /** Refuse what is usually tolerated. */
  readonly strict?: boolean;
  /** The id of the request; another in the answer is a fault. */
  readonly id?: string;
  readonly limits?: Partial<CodecLimits>;
  /** Told once of each kind of fault in each kind of element. */
  readonly onFault?: (fault: ToleratedFault) => void;
}

// Below this a step that lacks text is tried again with every piece; above, when a quarter has come, to stay linear.
const eager = 8192;

function createAnswerReader(options: DecodeResponseOptions): CimXmlReader {
  const told = new Set<string>();
  const tell = (fault: ToleratedFault): void => {
    const key = `${fault.fault}/${fault.element}`;
    if (told.has(key)) return;
    told.add(key);
    options.onFault?.(fault);
  };
  return createReader({
    role: 'answer',
    limits: limitsOver(answerLimits, options.limits),
    onFault: options.strict === true ? null : tell,
  });
}

function openMessage(reader: CimXmlReader, options: DecodeResponseOptions): void {
  reader.expect('CIM');
  reader.expect('MESSAGE');
  const id = reader.attribute('ID');
  if (options.id !== undefined && options.id !== id) reader.tolerate('other-id', 'MESSAGE');
}

function closeMessage(reader: CimXmlReader): void {
  reader.end();
  reader.end();
  if (reader.scanner.nextTag() !== 'end') reader.invalid('more after CIM');
}

/** Runs steps over text that comes in pieces; a step that lacks text is repeated when there is more. */
class SteppedReader {
  readonly reader: CimXmlReader;
  readonly #step: () => boolean;
  readonly #text = new Utf8Stream();
  #retryAt = 0;
  #done = false;

  constructor(reader: CimXmlReader, step: () => boolean) {
    this.reader = reader;
    this.#step = step;
  }

  /** @throws CodecError */
  push(chunk: Uint8Array): void {
    this.#guard(() => {
      this.reader.scanner.append(this.#text.push(chunk));
      if (this.reader.scanner.pending >= this.#retryAt) this.#run();
    });
  }

  /** @throws CodecError */
  end(): void {
    this.#guard(() => {
      this.#text.end();
      this.reader.scanner.finish();
      this.#run();
    });
  }

  #guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      throw asCodecError('answer', error);
    }
  }

  #run(): void {
    const { scanner } = this.reader;
    while (!this.#done) {
      scanner.mark();
      try {
        this.#done = !this.#step();
      } catch (error) {
        if (error !== xmlIncomplete) throw error;
        scanner.rewind();
        this.#retryAt = scanner.pending < eager ? 0 : scanner.pending + (scanner.pending >> 2);
        return;
      }
    }
  }
}

/** Reads one answer, chunk by chunk. */
export interface ResponseDecoder<R extends CimRequest> {
  /** Whether it is known that the answer is no error (or that it is complete). */
  readonly isDecided: boolean;
  /** The operation's failure, once it was read. */
  readonly error: CimError | null;
  /** Takes bytes. @throws CodecError `answer-not-well-formed`, `answer-not-valid` */
  push(chunk: Uint8Array): void;
  /** For results in batches: the items that are complete by now, each only once, as the result's batches hold them. */
  takeBatch(): readonly unknown[];
  /**
   * After the last byte: the result; batches hold what `takeBatch` did not take.
   * @throws CimError the operation's failure @throws CodecError also where the answer is cut short
   */
  end(): ResultOf<R>;
}

/** A decoder for the answer to one request; its memory is bounded by the largest item. */
export function createResponseDecoder<R extends CimRequest>(
  request: R,
  options: DecodeResponseOptions = {},
): ResponseDecoder<R> {
  const reader = createAnswerReader(options);
  const answer = new Answer(request);
  const kind = streamedKind(request);
  let phase: 'head' | 'answer' | 'tail' = 'head';
  const stepped = new SteppedReader(reader, () => {
    switch (phase) {
      case 'head':
        openMessage(reader, options);
        reader.expect('SIMPLERSP');
        phase = 'answer';
        return true;
      case 'answer':
        if (!answer.step(reader)) phase = 'tail';
        return true;
      case 'tail':
        closeMessage(reader);
        return false;
    }
  });
  return {
    get isDecided() {
      return answer.isDecided && answer.error === null;
    },
    get error() {
      return answer.error;
    },
    push: (chunk) => stepped.push(chunk),
    takeBatch: () => {
      if (kind === null || answer.items.length === 0) return [];
      const items: readonly AnswerItem[] = answer.items;
      answer.items = [];
      return batchOf(reader, kind, items);
    },
    end: () => {
      stepped.end();
      if (answer.error !== null) throw answer.error;
      return resultOf(reader, request, answer) as ResultOf<R>;
    },
  };
}

async function* remainingBatches(
  decoder: ResponseDecoder<CimRequest>,
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<readonly unknown[], void, undefined> {
  let exhausted = false;
  try {
    for (;;) {
      const batch = decoder.takeBatch();
      if (batch.length > 0) yield batch;
      const next = await source.next();
      if (next.done === true) break;
      decoder.push(next.value);
    }
    exhausted = true;
    const result = decoder.end();
    if ('batches' in result) yield* result.batches;
  } finally {
    if (!exhausted) await source.return?.();
  }
}

/**
 * Reads an answer while its bytes arrive. Resolves as soon as it is known not to be an error; batches then read on and
 * must be read to the end or left by `return()`. No value keeps more of the answer's text alive than itself.
 * @throws CimError the operation's failure @throws CodecError `answer-not-well-formed`, `answer-not-valid`
 */
export async function decodeResponse<R extends CimRequest>(
  request: R,
  chunks: AsyncIterable<Uint8Array>,
  options: DecodeResponseOptions = {},
): Promise<ResultOf<R>> {
  const decoder = createResponseDecoder(request, options);
  const kind = streamedKind(request);
  const source = chunks[Symbol.asyncIterator]();
  let exhausted = false;
  try {
    while (kind === null || !decoder.isDecided) {
      const next = await source.next();
      if (next.done === true) {
        exhausted = true;
        return decoder.end();
      }
      decoder.push(next.value);
    }
  } catch (error) {
    if (!exhausted) await source.return?.();
    throw error;
  }
  return streamedResult(kind, remainingBatches(decoder, source)) as ResultOf<R>;
}

/** What became of one request of a batch. */
export type BatchOutcome =
  | { readonly kind: 'result'; readonly result: CimResult }
  | { readonly kind: 'error'; readonly error: CimError };

/**
 * Reads the answer to a batch, MULTIRSP, whole. The outcomes are in the order of the requests.
 * @throws CodecError `answer-not-well-formed`, `answer-not-valid`
 */
export async function decodeBatchResponse(
  requests: readonly CimRequest[],
  chunks: AsyncIterable<Uint8Array>,
  options: DecodeResponseOptions = {},
): Promise<readonly BatchOutcome[]> {
  const reader = createAnswerReader(options);
  const answers = requests.map((request) => ({ request, answer: new Answer(request) }));
  let phase: 'head' | 'between' | 'answer' | 'tail' = 'head';
  let at = 0;
  const stepped = new SteppedReader(reader, () => {
    switch (phase) {
      case 'head':
        openMessage(reader, options);
        reader.expect('MULTIRSP');
        phase = 'between';
        return true;
      case 'between': {
        if (at === answers.length) {
          reader.end();
          phase = 'tail';
          return true;
        }
        reader.expect('SIMPLERSP');
        phase = 'answer';
        return true;
      }
      case 'answer':
        if (answers[at]?.answer.step(reader) !== true) {
          at++;
          phase = 'between';
        }
        return true;
      case 'tail':
        closeMessage(reader);
        return false;
    }
  });
  for await (const chunk of chunks) stepped.push(chunk);
  stepped.end();
  return answers.map(({ request, answer }) =>
    answer.error === null
      ? { kind: 'result', result: resultOf(reader, request, answer) }
      : { kind: 'error', error: answer.error },
  );
}
