import type { Log } from '../../base/index.js';
import type { Accounts, Caller, ObjectManager } from '../../cimom/index.js';
import { createWbemServer, type Credentials, type ServerListen, type WbemServer } from '../../http/server/index.js';

export interface FrontOptions {
  readonly listen: readonly ServerListen[];
  readonly objectManager: ObjectManager;
  readonly accounts: Accounts;
  readonly hostNames: readonly string[];
  /** Whether clients that ask get compressed answers; default true. */
  readonly gzip?: boolean;
  readonly log: Log;
}

/** Callers of a Unix socket: the file's mode was the proof; the socket's name is the account. */
function callerOfSocket(socket: string): Caller {
  return { user: socket, method: 'socket', address: null };
}

/** Binds an object manager to the network: authentication here, authorization there. */
export function createFront(options: FrontOptions): Promise<WbemServer> {
  const { accounts, objectManager, hostNames, log } = options;

  const authenticate = async (credentials: Credentials, address: string | null): Promise<Caller | null> => {
    switch (credentials.scheme) {
      case 'basic': {
        const login = await accounts.verify(credentials.user, credentials.password, address);
        return login.kind === 'accepted' ? login.caller : null;
      }
      case 'socket':
        return callerOfSocket(credentials.socket);
      case 'certificate':
      case 'none':
        return null;
    }
  };

  return createWbemServer<Caller>({
    listen: options.listen,
    authenticate,
    execute: (caller, request, circumstances) => objectManager.execute(caller, request, circumstances),
    admit: (caller) => objectManager.admit(caller),
    hostNames,
    realm: 'tvdc',
    ...(options.gzip === false ? { gzipFrom: Number.POSITIVE_INFINITY } : {}),
    log,
  });
}
