import { createServer, type Server, type Socket } from 'node:net';
import {
  type Clock,
  concatBytes,
  createKeyedLock,
  type Log,
  messageOf,
  type Randomness,
  silentLog,
  systemClock,
  systemRandomness,
} from '../../base/index.js';
import { answerControl, controlRequestLength, type ControlTarget } from './control.js';
import { openHolder } from './holder.js';

export interface ServeSoftwareTpmOptions {
  /** Port of the TPM's commands; the control channel is on the next one. 0: both are chosen by the system. */
  readonly port: number;
  /** Keeps `state.key` (mode 0600), `tpm.permanent` and `tpm.volatile`. */
  readonly folder: string;
  /** Whether the TPM has power and is started (TPM2_Startup(CLEAR)) from the beginning, as tpm2-tools expect; true by default. */
  readonly started?: boolean;
  /** Loopback by default: whoever reaches the ports has the TPM. */
  readonly address?: string;
  readonly randomness?: Randomness;
  readonly clock?: Clock;
  readonly log?: Log;
}

export interface ServedTpm {
  readonly port: number;
  readonly controlPort: number;
  /** Resolves when a client sent CMD_SHUTDOWN, or after {@link ServedTpm.close}. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

const maximumRequest = 1 << 20;
/** Requests of one connection that wait; further ones stay in the socket. */
const maximumWaiting = 64;
/** TPM_RC_COMMAND_SIZE. */
const commandTooLarge = Uint8Array.of(0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x42);
/** TPM_BAD_PARAMETER. */
const requestTooLarge = Uint8Array.of(0, 0, 0, 3);

/**
 * Serves one software TPM by swtpm's TCP protocol, so that tpm2-tools (`swtpm:host=…,port=…`) and QEMU-like users can drive it.
 * @throws VtpmError `vtpm_state_invalid`; StoreError `store_locked` where another one has the folder; the error of the system when
 * a port is taken
 */
export async function serveSoftwareTpm(options: ServeSoftwareTpmOptions): Promise<ServedTpm> {
  const { folder, address = '127.0.0.1', log = silentLog } = options;
  const { randomness = systemRandomness, clock = systemClock } = options;
  const holder = await openHolder({ folder, randomness, clock, log });
  const sockets = new Set<Socket>();
  const lock = createKeyedLock();
  let finished = (): void => undefined;
  const closed = new Promise<void>((resolve) => {
    finished = resolve;
  });

  const serve = (
    length: (received: Uint8Array) => number | null,
    work: (request: Uint8Array) => Promise<Uint8Array>,
    tooLarge: Uint8Array,
  ): Server =>
    createServer((socket) => {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', (error) => {
        log.debug('vtpm_connection', { error: messageOf(error) });
      });
      readRequests(socket, length, (request) => lock.run('tpm', () => work(request)), tooLarge);
    });

  async function close(): Promise<void> {
    data.close();
    control.close();
    for (const socket of sockets) socket.end();
    await lock.run('tpm', () => holder.end());
    finished();
  }

  const target: ControlTarget = {
    ...holder,
    shutdown: () => {
      // The answer goes out first.
      setImmediate(() => void close());
      return Promise.resolve();
    },
  };
  const data = serve(commandLength, (request) => holder.transmit(request), commandTooLarge);
  const control = serve(controlRequestLength, (request) => answerControl(target, request, log), requestTooLarge);
  try {
    if (options.started !== false) await holder.start();
    const port = await listen(data, options.port, address);
    const controlPort = await listen(control, options.port === 0 ? 0 : options.port + 1, address);
    return { port, controlPort, closed, close };
  } catch (error) {
    data.close();
    await holder.end();
    throw error;
  }
}

function commandLength(received: Uint8Array): number | null {
  if (received.length < 6) return null;
  // A size that no command has is the TPM's to refuse.
  return Math.max(6, Buffer.from(received.buffer, received.byteOffset, received.length).readUInt32BE(2));
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

/** Cuts a stream into requests and answers them in order; a request that is too large ends the connection. */
function readRequests(
  socket: Socket,
  lengthOf: (received: Uint8Array) => number | null,
  work: (request: Uint8Array) => Promise<Uint8Array>,
  tooLarge: Uint8Array,
): void {
  let received: Uint8Array = new Uint8Array(0);
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;

  async function answer(request: Uint8Array): Promise<void> {
    const response = await work(request);
    // Who does not read is not served further.
    if (!socket.destroyed && !socket.write(response)) await drained(socket);
    waiting--;
    if (waiting < maximumWaiting) socket.resume();
  }

  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : concatBytes(received, chunk);
    for (let length = lengthOf(received); length !== null; length = lengthOf(received)) {
      if (length > maximumRequest) {
        received = new Uint8Array(0);
        socket.removeAllListeners('data');
        void last.then(() => socket.end(tooLarge));
        return;
      }
      if (received.length < length) return;
      const request = received.slice(0, length);
      received = received.subarray(length);
      waiting++;
      if (waiting >= maximumWaiting) socket.pause();
      last = last.then(() => answer(request));
      last.catch(() => socket.destroy());
    }
  });
}

function listen(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      const bound = server.address();
      resolve(bound !== null && typeof bound === 'object' ? bound.port : port);
    });
  });
}
