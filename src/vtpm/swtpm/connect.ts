import { connect, type Socket } from 'node:net';
import { messageOf } from '../../base/index.js';
import { createCommandQueue, type TpmTransport, TpmTransportError } from '../../tpm/index.js';
import { SocketExchange } from './control.js';
import { frames } from './frames.js';

const answerTimeout = 30_000;

function openSocket(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

/**
 * A TPM whose data channel is a TCP port, as swtpm and `tvdc vtpm serve` have it.
 * @throws TpmTransportError `tpm_unavailable`
 */
export async function openTcpTransport(host: string, port: number): Promise<TpmTransport> {
  const socket = await openSocket(host, port).catch((cause: unknown) => {
    throw new TpmTransportError('tpm_unavailable', `no TPM at ${host}:${port}: ${messageOf(cause)}`, { cause });
  });
  return createCommandQueue(frames(new SocketExchange(socket, answerTimeout)));
}
