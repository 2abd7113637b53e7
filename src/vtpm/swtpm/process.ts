import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { messageOf } from '../../base/index.js';
import { type TpmTransport, TpmTransportError } from '../../tpm/index.js';
import { ControlChannel, SocketExchange } from './control.js';
import type { SwtpmFamily } from './family.js';
import { frames } from './frames.js';

const startTimeout = 10_000;
const controlTimeout = 5_000;
/** RSA keys of 3 072 bits may take long on a loaded host. */
const commandTimeout = 120_000;
const stopTimeout = 3_000;

export interface SwtpmStart {
  readonly family: SwtpmFamily;
  /** For the two sockets: Unix allows about 100 octets for the whole path. */
  readonly sockets: string;
  /** Of its state files. */
  readonly state: string;
  /** Encrypts the state files; 32 octets. */
  readonly key: Uint8Array;
}

/** One swtpm process with both channels open. */
export interface SwtpmProcess {
  readonly control: ControlChannel;
  /** One command at a time: its user waits for each answer. */
  readonly transport: TpmTransport;
  /** Resolves when the process has ended. */
  readonly exited: Promise<void>;
  readonly pid: number;
  /** Ends it, by force if need be. */
  end(): Promise<void>;
}

/** @throws TpmTransportError `tpm_unavailable` when swtpm cannot be started */
export async function startSwtpm({ family, sockets, state, key }: SwtpmStart): Promise<SwtpmProcess> {
  const controlPath = join(sockets, 'c');
  const dataPath = join(sockets, 'd');
  await Promise.all([rm(controlPath, { force: true }), rm(dataPath, { force: true })]);
  const child = spawn(
    'swtpm',
    [
      'socket',
      ...family.options,
      '--terminate',
      '--tpmstate',
      `dir=${state},mode=0600`,
      '--ctrl',
      `type=unixio,path=${controlPath},mode=0600`,
      '--server',
      `type=unixio,path=${dataPath},mode=0600`,
      '--key',
      'fd=3,mode=aes-256-cbc,format=binary',
    ],
    // A group of its own: Ctrl-C is for us, who save the state of the TPM before it ends.
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], detached: true },
  );
  const keyPipe = child.stdio[3] as Writable;
  // It may end before it has read the key; its exit tells more than the broken pipe.
  keyPipe.on('error', () => undefined);
  keyPipe.end(key);
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });
  try {
    const controlSocket = await connectSoon(controlPath, child);
    const dataSocket = await connectSoon(dataPath, child);
    const control = new ControlChannel(new SocketExchange(controlSocket, controlTimeout));
    const transport = frames(new SocketExchange(dataSocket, commandTimeout));
    return { control, transport, exited, pid: child.pid ?? 0, end: () => endProcess(child, exited) };
  } catch (cause) {
    await endProcess(child, exited);
    throw new TpmTransportError('tpm_unavailable', `swtpm did not start: ${complaint.trim() || messageOf(cause)}`, {
      cause,
    });
  }
}

/** The process makes its sockets a few milliseconds after its start. */
async function connectSoon(path: string, child: ChildProcess): Promise<Socket> {
  const deadline = performance.now() + startTimeout;
  for (let wait = 1; ; wait = Math.min(wait * 1.2, 20)) {
    const socket = await tryConnect(path);
    if (socket !== null) return socket;
    if (
      child.pid === undefined ||
      child.exitCode !== null ||
      child.signalCode !== null ||
      performance.now() > deadline
    ) {
      throw new TpmTransportError('tpm_unavailable', `there is nobody at ${path}`);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

function tryConnect(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => {
      resolve(null);
    });
  });
}

async function endProcess(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
  }, stopTimeout);
  await exited;
  clearTimeout(timer);
}
