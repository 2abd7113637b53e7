import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** swtpm as a program would use it that has nothing of ours: one process, two sockets, one frame at a time. */
export interface PlainSwtpm {
  transmit(frame: Uint8Array): Promise<Uint8Array>;
  stop(): Promise<void>;
}

const startup = Buffer.from('80010000000c000001440000', 'hex');
const shutdown = Buffer.from('80010000000c000001450000', 'hex');

function tryConnect(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('error', () => {
      resolve(null);
    });
  });
}

async function connectSoon(path: string): Promise<Socket> {
  for (;;) {
    const socket = await tryConnect(path);
    if (socket !== null) return socket;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The whole answer is in one chunk: it is smaller than the buffer of a Unix socket. */
function exchange(socket: Socket, frame: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve) => {
    socket.once('data', resolve);
    socket.write(frame);
  });
}

/** Starts it with a folder of its own, which the caller removes, or with one that it had before; up to TPM2_Startup(CLEAR). */
export async function startPlainSwtpm(state?: string): Promise<PlainSwtpm & { readonly state: string }> {
  const folder = state ?? mkdtempSync(join(tmpdir(), 'tvdc-bench-swtpm-'));
  const [control, data] = [join(folder, 'c'), join(folder, 'd')];
  for (const path of [control, data]) rmSync(path, { force: true });
  const options = ['--tpm2', '--terminate', '--tpmstate', `dir=${folder}`];
  const channels = ['--ctrl', `type=unixio,path=${control}`, '--server', `type=unixio,path=${data}`];
  const child = spawn('swtpm', ['socket', ...options, ...channels], { stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const controlSocket = await connectSoon(control);
  const dataSocket = await connectSoon(data);
  await exchange(controlSocket, Buffer.from('0000000200000000', 'hex'));
  await exchange(dataSocket, startup);
  return {
    state: folder,
    transmit: (frame) => exchange(dataSocket, frame),
    async stop() {
      await exchange(dataSocket, shutdown);
      await exchange(controlSocket, Buffer.from('00000003', 'hex'));
      controlSocket.destroy();
      dataSocket.destroy();
      await exited;
    },
  };
}
