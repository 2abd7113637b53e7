import { type Log, messageOf, silentLog } from '../../base/index.js';
import type { CimInstance } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import {
  createWbemServer,
  type ExportPeer,
  type HttpServerLimits,
  type ServerTls,
  type WbemServer,
} from '../../http/server/index.js';
import { type SequencePlace, SequenceTracker } from './sequence.js';

/** An indication as it arrived. */
export interface ReceivedIndication {
  readonly indication: CimInstance;
  readonly peer: ExportPeer;
  readonly sequence: SequencePlace;
}

export interface IndicationListenerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  readonly tls?: ServerTls;
  /** Called for one indication at a time, in the order of arrival; duplicates are not passed on. */
  onIndication(received: ReceivedIndication): void | Promise<void>;
  /** Told of gaps, late ones and duplicates. */
  onIrregular?(received: ReceivedIndication): void;
  /** Told of what `onIndication` throws; the indication counts as received all the same. */
  onError?(error: unknown, received: ReceivedIndication): void;
  /** Whether a sender may deliver, by Basic. Absent: anybody who can connect. */
  authenticate?(user: string, password: string): Promise<boolean>;
  /** Indications that wait for `onIndication`; when so many do, senders get an error and try again. Default 5000. */
  readonly queueLimit?: number;
  readonly limits?: Partial<HttpServerLimits>;
  readonly log?: Log;
}

export interface ListenerStatistics {
  readonly received: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly gaps: number;
  /** Refused because the queue was full. */
  readonly refused: number;
  readonly failed: number;
  readonly waiting: number;
}

/** Takes indications in over HTTP. */
export interface IndicationListener {
  /** What a CIM_ListenerDestination names as its Destination. */
  readonly url: string;
  readonly port: number;
  readonly statistics: ListenerStatistics;
  /** Stops listening, then waits until what was accepted is delivered. */
  close(): Promise<void>;
}

const defaultQueueLimit = 5000;

class Inbox {
  readonly #options: IndicationListenerOptions;
  readonly #log: Log;
  readonly #tracker = new SequenceTracker();
  readonly #limit: number;
  #queue: ReceivedIndication[] = [];
  #at = 0;
  #working: Promise<void> | null = null;
  #received = 0;
  #delivered = 0;
  #duplicates = 0;
  #gaps = 0;
  #refused = 0;
  #failed = 0;

  constructor(options: IndicationListenerOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#limit = options.queueLimit ?? defaultQueueLimit;
  }

  get statistics(): ListenerStatistics {
    return {
      received: this.#received,
      delivered: this.#delivered,
      duplicates: this.#duplicates,
      gaps: this.#gaps,
      refused: this.#refused,
      failed: this.#failed,
      waiting: this.#queue.length - this.#at,
    };
  }

  /** @throws CimError 1 when the queue is full: before the number is taken for seen, so that a repetition is no duplicate */
  take(indication: CimInstance, peer: ExportPeer): void {
    if (this.#queue.length - this.#at >= this.#limit) {
      this.#refused++;
      throw new CimError(1, `the listener has ${this.#limit} indications waiting: deliver again later`);
    }
    this.#received++;
    const received: ReceivedIndication = { indication, peer, sequence: this.#tracker.place(indication) };
    const { kind } = received.sequence;
    if (kind === 'gap' || kind === 'late' || kind === 'duplicate') this.#report(received);
    if (kind === 'duplicate') return;
    this.#queue.push(received);
    this.#working ??= this.#work();
  }

  #report(received: ReceivedIndication): void {
    const { kind } = received.sequence;
    if (kind === 'duplicate') this.#duplicates++;
    if (kind === 'gap') this.#gaps++;
    this.#log.warn('listener.sequence', { place: kind, context: received.indication.getString('SequenceContext') });
    this.#safely(() => this.#options.onIrregular?.(received));
  }

  #safely(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#log.error('listener.callback', { error: messageOf(error) });
    }
  }

  async #work(): Promise<void> {
    // The sender's answer goes out first.
    await Promise.resolve();
    while (this.#at < this.#queue.length) {
      const received = this.#queue[this.#at] as ReceivedIndication;
      await this.#deliver(received);
      this.#at++;
      if (this.#at >= 1000) {
        this.#queue = this.#queue.slice(this.#at);
        this.#at = 0;
      }
    }
    this.#queue = [];
    this.#at = 0;
    this.#working = null;
  }

  async #deliver(received: ReceivedIndication): Promise<void> {
    try {
      await this.#options.onIndication(received);
      this.#delivered++;
    } catch (error) {
      this.#failed++;
      this.#log.error('listener.callback', { error: messageOf(error) });
      this.#safely(() => this.#options.onError?.(error, received));
    }
  }

  async idle(): Promise<void> {
    await this.#working;
  }
}

function serve(options: IndicationListenerOptions, inbox: Inbox): Promise<WbemServer> {
  const open = options.authenticate === undefined;
  return createWbemServer<true>({
    listen: [
      {
        kind: 'tcp',
        host: options.host ?? '127.0.0.1',
        port: options.port ?? 0,
        authentication: open ? 'none' : 'basic',
        ...(options.tls === undefined ? {} : { tls: options.tls }),
      },
    ],
    async authenticate(credentials) {
      if (options.authenticate === undefined || credentials.scheme !== 'basic') return true;
      return (await options.authenticate(credentials.user, credentials.password)) ? true : null;
    },
    async onExport(indication, peer) {
      inbox.take(indication, peer);
    },
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.log === undefined ? {} : { log: options.log }),
  });
}

/**
 * Opens a listener for indications (DSP0200 export). Every indication is answered when it is in the queue, then handed on;
 * a full queue answers an ERROR, on which senders repeat the delivery.
 * @throws ConfigurationError `port_in_use`, `bad_address` …
 */
export async function createIndicationListener(options: IndicationListenerOptions): Promise<IndicationListener> {
  const inbox = new Inbox(options);
  const server = await serve(options, inbox);
  const address = server.addresses[0];
  return {
    url: address?.url ?? '',
    port: address?.port ?? 0,
    get statistics() {
      return inbox.statistics;
    },
    async close() {
      await server.close();
      await inbox.idle();
    },
  };
}
