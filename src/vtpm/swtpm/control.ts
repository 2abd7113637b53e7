import type { Socket } from 'node:net';
import { ByteReader, ByteWriter, concatBytes } from '../../base/index.js';
import { TpmTransportError } from '../../tpm/index.js';

/** Commands of swtpm's control channel. */
export const controlCommands = {
  init: 2,
  shutdown: 3,
  storeVolatile: 0x0a,
  getStateBlob: 0x0c,
  setStateBlob: 0x0d,
  stop: 0x0e,
} as const;

export const stateTypes = { permanent: 1, volatile: 2 } as const;

const maximumBlob = 1 << 20;

/** What a read waits for: a count of octets, or a head of so many that says how many there are in all. */
interface Awaited {
  length: number;
  sizeOf: ((head: Uint8Array) => number) | null;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** Reads octets from a socket, one exchange at a time, each with a time limit. */
export class SocketExchange {
  readonly #socket: Socket;
  readonly #timeout: number;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #waiting: Awaited | null = null;
  #error: Error | null = null;
  /** One for all reads: a new one for each costs more than the read. */
  #timer: NodeJS.Timeout | null = null;

  /** @param timeout milliseconds for each answer */
  constructor(socket: Socket, timeout: number) {
    this.#socket = socket;
    this.#timeout = timeout;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#deliver();
    });
    const end = (cause?: Error): void => {
      this.#fail(new TpmTransportError('tpm_unavailable', 'swtpm closed the connection', { cause }));
    };
    socket.on('close', () => {
      end();
    });
    socket.on('error', end);
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  read(length: number): Promise<Uint8Array> {
    return this.#await(length, null);
  }

  /** @param sizeOf of the whole, head included; what it throws ends the connection, for nobody knows where the next one begins */
  readSized(headLength: number, sizeOf: (head: Uint8Array) => number): Promise<Uint8Array> {
    return this.#await(headLength, sizeOf);
  }

  close(): void {
    this.#socket.destroy();
  }

  #await(length: number, sizeOf: Awaited['sizeOf']): Promise<Uint8Array> {
    if (this.#error !== null) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#waiting = { length, sizeOf, resolve, reject };
      if (this.#timer === null) this.#timer = setTimeout(() => this.#expire(), this.#timeout).unref();
      else this.#timer.refresh();
      this.#deliver();
    });
  }

  #expire(): void {
    if (this.#waiting === null) return;
    this.#fail(new TpmTransportError('tpm_timeout', `swtpm did not answer within ${this.#timeout} ms`));
    this.#socket.destroy();
  }

  #deliver(): void {
    const waiting = this.#waiting;
    if (waiting === null || this.#length < waiting.length) return;
    const all = this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : concatBytes(...this.#chunks);
    if (waiting.sizeOf !== null) {
      try {
        waiting.length = waiting.sizeOf(all);
      } catch (error) {
        this.#fail(error as Error);
        this.#socket.destroy();
        return;
      }
      waiting.sizeOf = null;
      if (this.#length < waiting.length) return;
    }
    const rest = all.subarray(waiting.length);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    this.#waiting = null;
    waiting.resolve(all.subarray(0, waiting.length));
  }

  #fail(error: Error): void {
    this.#error ??= error;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(this.#error);
  }
}

/** The control channel: typed commands, all integers big-endian. */
export class ControlChannel {
  readonly #exchange: SocketExchange;

  constructor(exchange: SocketExchange) {
    this.#exchange = exchange;
  }

  async #send(
    command: keyof typeof controlCommands,
    body: (writer: ByteWriter) => void = () => undefined,
  ): Promise<void> {
    const writer = new ByteWriter(64).u32(controlCommands[command]);
    body(writer);
    this.#exchange.write(writer.finish());
    const result = new ByteReader(await this.#exchange.read(4)).u32();
    if (result !== 0)
      throw new TpmTransportError('tpm_protocol', `swtpm ${command} answered 0x${result.toString(16)}`, {
        details: { command, result },
      });
  }

  /** Power on; also off and on. @param useUpVolatile whether the volatile state file is deleted once loaded */
  init(useUpVolatile: boolean): Promise<void> {
    return this.#send('init', (writer) => writer.u32(useUpVolatile ? 1 : 0));
  }

  storeVolatile(): Promise<void> {
    return this.#send('storeVolatile');
  }

  stop(): Promise<void> {
    return this.#send('stop');
  }

  shutdown(): Promise<void> {
    return this.#send('shutdown');
  }

  /** A state, decrypted; null when there is none. */
  async getState(type: keyof typeof stateTypes): Promise<Uint8Array | null> {
    const parts: Uint8Array[] = [];
    let have = 0;
    for (;;) {
      const request = new ByteWriter(16)
        .u32(controlCommands.getStateBlob)
        .u32(1)
        .u32(stateTypes[type])
        .u32(have)
        .finish();
      this.#exchange.write(request);
      const head = new ByteReader(await this.#exchange.read(16));
      const result = head.u32();
      head.skip(4);
      const total = head.u32();
      const length = head.u32();
      if (result !== 0) return null;
      if (total > maximumBlob || length > total)
        throw new TpmTransportError('tpm_protocol', `swtpm announced a state of ${total} bytes`);
      parts.push(Uint8Array.from(await this.#exchange.read(length)));
      have += length;
      if (have >= total || length === 0) return concatBytes(...parts);
    }
  }

  setState(type: keyof typeof stateTypes, state: Uint8Array): Promise<void> {
    return this.#send('setStateBlob', (writer) => writer.u32(0).u32(stateTypes[type]).u32(state.length).bytes(state));
  }

  close(): void {
    this.#exchange.close();
  }
}
