import { connect, type Socket } from 'node:net';
import { account } from './process.js';

/** A request as bytes, made before it is measured. */
export type Prepared = Buffer;

const empty = Buffer.alloc(0);
const endOfChunks = Buffer.from('\r\n0\r\n\r\n');

/** The whole HTTP request for a message. */
export function prepare(operation: string, object: string, body: Buffer): Prepared {
  const credentials = Buffer.from(`${account.user}:${account.secret}`).toString('base64');
  const head = [
    'POST /cimom HTTP/1.1',
    'Host: 127.0.0.1',
    `Authorization: Basic ${credentials}`,
    'Content-Type: application/xml; charset="utf-8"',
    'Accept: application/xml, text/xml',
    'CIMOperation: MethodCall',
    `CIMObject: ${encodeURIComponent(object)}`,
    `CIMMethod: ${operation}`,
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly started: number;
}

/** What is kept of an answer, however large it is. */
export interface Answer {
  /** Milliseconds until its first byte. */
  readonly firstByte: number;
  /** The last kilobyte. */
  readonly tail: string;
}

const keptBytes = 1024;

/** One connection that is kept, with one request at a time: costs as little as can be, for the server shares the machine. */
export class Connection {
  readonly #socket: Socket;
  #waiting: Waiting | null = null;
  #head = '';
  #tail: Buffer = empty;
  #size = 0;
  /** Bytes that the answer will have; null: it is chunked; -1: not known yet. */
  #wanted: number | null = -1;
  #firstByte = 0;
  /** Bytes received so far. */
  received = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (part: Buffer) => this.#take(part));
    socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed')));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Connection(socket)));
      socket.once('error', reject);
    });
  }

  /** Sends and reads the whole answer. @throws Error where it is not 200, or begins with a CIM error */
  call(request: Prepared): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject, started: performance.now() };
      this.#socket.write(request);
    });
  }

  #take(part: Buffer): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    if (this.#size === 0) this.#firstByte = performance.now() - waiting.started;
    this.#size += part.length;
    this.received += part.length;
    if (this.#head.length < keptBytes) this.#head += part.toString('latin1', 0, keptBytes);
    this.#tail = part.length >= keptBytes ? part : Buffer.concat([this.#tail.subarray(-keptBytes), part]);
    if (this.#wanted === -1) this.#readHead();
    const { length } = this.#tail;
    const complete =
      this.#wanted === null
        ? this.#tail.subarray(length - endOfChunks.length).equals(endOfChunks)
        : this.#wanted >= 0 && this.#size >= this.#wanted;
    if (complete) this.#finish(waiting);
  }

  #readHead(): void {
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head.slice(0, end + 2))?.[1];
    this.#wanted = length === undefined ? null : end + 4 + Number(length);
  }

  #finish(waiting: Waiting): void {
    const head = this.#head;
    const answer = { firstByte: this.#firstByte, tail: this.#tail.toString('latin1', this.#tail.length - keptBytes) };
    this.#waiting = null;
    this.#head = '';
    this.#tail = empty;
    this.#size = 0;
    this.#wanted = -1;
    if (!head.startsWith('HTTP/1.1 200') || head.includes('<ERROR')) waiting.reject(new Error(head));
    else waiting.resolve(answer);
  }

  close(): void {
    this.#socket.destroy();
  }
}
