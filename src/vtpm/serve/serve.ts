import { createServer, type Server, type Socket } from 'node:net';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
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
import { createTpmClient } from '../../tpm/index.js';
import { createSealer, openKeyFile, writeStateFile } from '../state/index.js';
import { createSoftwareTpm, type SoftwareTpm } from '../software/index.js';
import { answerControl, controlRequestLength, type ControlTarget } from './control.js';

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

/**
 * Serves one software TPM by swtpm's TCP protocol, so that tpm2-tools (`swtpm:host=…,port=…`) and QEMU-like users can drive it.
 * @throws VtpmError `vtpm_state_invalid`; the error of the system when a port is taken
 */
export async function serveSoftwareTpm(options: ServeSoftwareTpmOptions): Promise<ServedTpm> {
  const { folder, address = '127.0.0.1', log = silentLog } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const holder = await openHolder(options);
  if (options.started !== false) await holder.start();
  const sockets = new Set<Socket>();
  const lock = createKeyedLock();
  let finished = (): void => undefined;
  const closed = new Promise<void>((resolve) => {
    finished = resolve;
  });

  const serve = (
    length: (received: Uint8Array) => number | null,
    work: (request: Uint8Array) => Promise<Uint8Array>,
  ): Server =>
    createServer((socket) => {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', (error) => {
        log.debug('vtpm_connection', { error: messageOf(error) });
      });
      readRequests(socket, length, (request) => lock.run('tpm', () => work(request)));
    });

  async function close(): Promise<void> {
    data.close();
    control.close();
    for (const socket of sockets) socket.end();
    await lock.run('tpm', () => holder.stop());
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
  const data = serve(commandLength, (request) => holder.transmit(request));
  const control = serve(controlRequestLength, (request) => answerControl(target, request, log));
  const port = await listen(data, options.port, address);
  const controlPort = await listen(control, options.port === 0 ? 0 : options.port + 1, address).catch(
    (error: unknown) => {
      data.close();
      throw error;
    },
  );
  return { port, controlPort, closed, close };
}

function commandLength(received: Uint8Array): number | null {
  if (received.length < 6) return null;
  return Math.max(10, Buffer.from(received.buffer, received.byteOffset, received.length).readUInt32BE(2));
}

/** Cuts a stream into requests and answers them in order; a request that is too large ends the connection. */
function readRequests(
  socket: Socket,
  lengthOf: (received: Uint8Array) => number | null,
  work: (request: Uint8Array) => Promise<Uint8Array>,
): void {
  let received: Uint8Array = new Uint8Array(0);
  let last: Promise<void> = Promise.resolve();
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : concatBytes(received, chunk);
    for (let length = lengthOf(received); length !== null; length = lengthOf(received)) {
      if (length > maximumRequest) {
        socket.destroy();
        return;
      }
      if (received.length < length) return;
      const request = received.slice(0, length);
      received = received.subarray(length);
      last = last.then(async () => {
        const response = await work(request);
        if (!socket.destroyed) socket.write(response);
      });
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

interface Holder extends Omit<ControlTarget, 'shutdown'> {
  transmit(command: Uint8Array): Promise<Uint8Array>;
  /** Power and TPM2_Startup(CLEAR); nothing after a suspend, whose volatile state goes on. */
  start(): Promise<void>;
}

/** The TPM with its state files: without power until CMD_INIT. */
async function openHolder({
  folder,
  randomness = systemRandomness,
  clock = systemClock,
}: ServeSoftwareTpmOptions): Promise<Holder> {
  const sealer = createSealer(await openKeyFile(join(folder, 'state.key'), randomness), randomness);
  const fileOf = (type: 'permanent' | 'volatile'): string => join(folder, `tpm.${type}`);
  let powered: SoftwareTpm | null = null;
  const given = new Map<string, Uint8Array>();

  async function read(type: 'permanent' | 'volatile'): Promise<Uint8Array | undefined> {
    const own = given.get(type);
    if (own !== undefined) return own;
    const sealed = await readFile(fileOf(type)).catch(() => null);
    return sealed === null ? undefined : sealer.open(type, 0, sealed);
  }

  const write = (type: 'permanent' | 'volatile', state: Uint8Array): Promise<void> =>
    writeStateFile(fileOf(type), sealer.seal(type, 0, state));

  const holder: Holder = {
    tpm: () => powered,
    async start() {
      const suspended = (await read('volatile')) !== undefined;
      await holder.init(true);
      if (!suspended && powered !== null) await createTpmClient(powered).startup('clear');
    },
    async init(deleteVolatile) {
      if (powered !== null) await powered.close();
      const permanentState = await read('permanent');
      const volatileState = await read('volatile');
      given.clear();
      powered = createSoftwareTpm({
        randomness,
        clock,
        save: (state) => write('permanent', state),
        ...(permanentState === undefined ? {} : { permanentState }),
        ...(volatileState === undefined ? {} : { volatileState }),
      });
      if (deleteVolatile) await rm(fileOf('volatile'), { force: true });
    },
    async stop() {
      const tpm = powered;
      powered = null;
      await tpm?.close();
    },
    async storeVolatile() {
      if (powered === null) return;
      await write('permanent', powered.savePermanentState());
      await write('volatile', powered.saveVolatileState());
    },
    setState: (type, state) => void given.set(type, state),
    transmit(command) {
      // What swtpm answers while its TPM has no power: TPM_RC_FAILURE.
      return powered === null
        ? Promise.resolve(Uint8Array.of(0x80, 1, 0, 0, 0, 10, 0, 0, 1, 1))
        : powered.transmit(command);
    },
  };
  return holder;
}
