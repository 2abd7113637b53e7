// Recordings in the form that browsers and proxies share: HTTP Archive 1.2.
import { STATUS_CODES } from 'node:http';
import { redactHeader, redactXml } from './redact.js';

/** What a transport tells of one request and its answer. Times in milliseconds. */
export interface RecordedExchange {
  /** `GetInstance`, the name of a method, or `MULTIREQ`. */
  readonly operation: string;
  readonly url: string;
  /** Since 1970. */
  readonly started: number;
  readonly duration: number;
  /** Until the headers of the answer; null where none came. */
  readonly waited: number | null;
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly text: string };
  /** Null where none came. */
  readonly answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly trailers: Readonly<Record<string, string>>;
    readonly text: string;
    /** Of the content, unpacked. */
    readonly bytes: number;
  } | null;
  /** Why it failed; null where it did not. */
  readonly error: string | null;
}

/** Gets every exchange of a transport, when it has ended; those that are repeated, each time. */
export interface ExchangeRecorder {
  record(exchange: RecordedExchange): void;
}

interface HarField {
  readonly name: string;
  readonly value: string;
}

/** One exchange. Names that begin with `_` are our own, as HAR allows. */
export interface HarEntry {
  readonly startedDateTime: string;
  readonly time: number;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly httpVersion: string;
    readonly cookies: readonly never[];
    readonly headers: readonly HarField[];
    readonly queryString: readonly never[];
    readonly postData: { readonly mimeType: string; readonly text: string };
    readonly headersSize: number;
    readonly bodySize: number;
  };
  readonly response: {
    readonly status: number;
    readonly statusText: string;
    readonly httpVersion: string;
    readonly cookies: readonly never[];
    readonly headers: readonly HarField[];
    readonly content: { readonly size: number; readonly mimeType: string; readonly text: string };
    readonly redirectURL: string;
    readonly headersSize: number;
    readonly bodySize: number;
    readonly _trailers?: readonly HarField[];
    readonly _error?: string;
  };
  readonly cache: Readonly<Record<string, never>>;
  readonly timings: { readonly send: number; readonly wait: number; readonly receive: number };
  readonly _operation: string;
}

export interface Har {
  readonly log: {
    readonly version: '1.2';
    readonly creator: { readonly name: string; readonly version: string };
    readonly entries: readonly HarEntry[];
  };
}

export interface HarOptions {
  /** `redacted` (default): neither credentials nor values whose names speak of secrets; `kept`: everything. */
  readonly secrets?: 'redacted' | 'kept';
}

export const harCreator = { name: 'tvdc', version: '1' } as const;

const unknownSize = -1;

/** @param options.secrets what becomes of them */
export function toHarEntry(exchange: RecordedExchange, options: HarOptions = {}): HarEntry {
  const keep = options.secrets === 'kept';
  const fields = (headers: Readonly<Record<string, string>>): HarField[] =>
    Object.entries(headers).map(([name, value]) => ({ name, value: keep ? value : redactHeader(name, value) }));
  const textOf = (text: string): string => (keep ? text : redactXml(text));
  const { request, answer, waited, duration } = exchange;
  const mimeType = (headers: Readonly<Record<string, string>>): string =>
    Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  const common = { httpVersion: 'HTTP/1.1', cookies: [], headersSize: unknownSize } as const;
  const wait = waited ?? duration;
  return {
    startedDateTime: new Date(exchange.started).toISOString(),
    time: duration,
    request: {
      ...common,
      method: 'POST',
      url: exchange.url,
      headers: fields(request.headers),
      queryString: [],
      postData: { mimeType: mimeType(request.headers), text: textOf(request.text) },
      bodySize: Buffer.byteLength(request.text),
    },
    response: {
      ...common,
      status: answer?.status ?? 0,
      statusText: STATUS_CODES[answer?.status ?? 0] ?? '',
      headers: fields(answer?.headers ?? {}),
      content: {
        size: answer?.bytes ?? 0,
        mimeType: mimeType(answer?.headers ?? {}),
        text: textOf(answer?.text ?? ''),
      },
      redirectURL: '',
      bodySize: unknownSize,
      ...(answer === null || Object.keys(answer.trailers).length === 0 ? {} : { _trailers: fields(answer.trailers) }),
      ...(exchange.error === null ? {} : { _error: exchange.error }),
    },
    cache: {},
    timings: { send: 0, wait, receive: Math.max(0, duration - wait) },
    _operation: exchange.operation,
  };
}

/** A recording in memory. */
export class HarRecorder implements ExchangeRecorder {
  readonly #options: HarOptions;
  readonly #entries: HarEntry[] = [];

  constructor(options: HarOptions = {}) {
    this.#options = options;
  }

  record(exchange: RecordedExchange): void {
    this.#entries.push(toHarEntry(exchange, this.#options));
  }

  toHar(): Har {
    return { log: { version: '1.2', creator: harCreator, entries: [...this.#entries] } };
  }
}
