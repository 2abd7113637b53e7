import { connect } from 'node:net';
import type { Connection, Connector } from './connection.js';
import { ProviderProcessError } from './errors.js';
import { type RpcListener, RpcPeer } from './json-rpc.js';
import type { ProcessLimits } from './limits.js';

/** Reaches a provider that runs already and listens on a Unix socket. */
export function socketConnector(
  path: string,
  limits: ProcessLimits,
  onNotification: RpcListener['onNotification'],
): Connector {
  return () =>
    new Promise<Connection>((resolve, reject) => {
      const unavailable = (why: string, cause?: unknown): ProviderProcessError =>
        new ProviderProcessError('provider_unavailable', `the provider at ${path} ${why}`, { cause });
      const socket = connect(path);
      let fault: ProviderProcessError | null = null;
      socket.on('error', (error) => {
        fault ??= unavailable(`cannot be reached: ${error.message}`, error);
      });
      socket.once('connect', () => {
        const peer = new RpcPeer(socket, socket, limits, {
          onFault: (error) => {
            fault ??= error;
            socket.destroy();
          },
          onNotification,
        });
        const over = new Promise<ProviderProcessError>((done) => {
          socket.once('close', () => {
            const reason = fault ?? unavailable('closed the connection');
            peer.fail(reason);
            done(reason);
          });
        });
        resolve({
          peer,
          over,
          async end() {
            socket.destroySoon();
            const timer = setTimeout(() => socket.destroy(), limits.endTime);
            await over;
            clearTimeout(timer);
          },
        });
      });
      socket.once('close', () => reject(fault ?? unavailable('closed the connection')));
    });
}
