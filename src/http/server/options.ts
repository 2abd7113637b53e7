import type { Log } from '../../base/index.js';
import type { CimInstance } from '../../cim/model/index.js';
import type { CimRequest, CimResult } from '../../cim/operations/index.js';

/** How callers of one listener prove who they are. */
export const listenerAuthentications = ['basic', 'certificate', 'socket', 'none'] as const;
export type ListenerAuthentication = (typeof listenerAuthentications)[number];

/** PEM texts. */
export interface ServerTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** Authorities for client certificates; needed for authentication `certificate`. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /** Default TLSv1.2. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** A TCP port; `authentication` is `basic`, `certificate` (TLS only) or `none`. Port 0: any free one. */
export interface TcpListen {
  readonly kind: 'tcp';
  /** An address of this machine, `0.0.0.0`, `::` or a name. */
  readonly host: string;
  readonly port: number;
  readonly tls?: ServerTls;
  readonly authentication: 'basic' | 'certificate' | 'none';
}

/** A Unix socket; with authentication `socket` its file mode is the proof. */
export interface SocketListen {
  readonly kind: 'socket';
  readonly path: string;
  /** File mode, default 0o600. */
  readonly mode?: number;
  /** Name under which {@link Credentials} tell which socket it was; default: the path. */
  readonly name?: string;
  readonly authentication: 'basic' | 'socket' | 'none';
}

export type ServerListen = TcpListen | SocketListen;

/** What a caller showed. */
export type Credentials =
  | { readonly scheme: 'basic'; readonly user: string; readonly password: string }
  | { readonly scheme: 'certificate'; readonly subject: string; readonly fingerprint256: string }
  | { readonly scheme: 'socket'; readonly socket: string }
  | { readonly scheme: 'none' };

/** Bounds against hostile or broken clients. Sizes in bytes, times in milliseconds. */
export interface HttpServerLimits {
  /** Request bodies; larger ones get 413. */
  readonly bodyBytes: number;
  /** Request line and headers together; larger ones get 431. */
  readonly headerBytes: number;
  /** Time for all headers of a request to arrive. */
  readonly headersTimeout: number;
  /** Time for a whole request to arrive; 408 afterwards. */
  readonly requestTimeout: number;
  /** Time that an idle connection is kept. */
  readonly keepAliveTimeout: number;
  /** Time in which a client must take something of an answer before it is given up. */
  readonly writeTimeout: number;
  readonly tlsHandshakeTimeout: number;
  /** Open connections of all listeners together; more are closed at once. */
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Requests of one batch (MULTIREQ). */
  readonly batchRequests: number;
}

export const defaultServerLimits: HttpServerLimits = {
  bodyBytes: 16 * 1024 * 1024,
  headerBytes: 32 * 1024,
  headersTimeout: 20_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 60_000,
  writeTimeout: 30_000,
  tlsHandshakeTimeout: 20_000,
  connections: 2048,
  connectionsPerAddress: 512,
  batchRequests: 100,
};

/** Below that a compressed answer saves the client next to nothing. */
export const defaultGzipFrom = 8 * 1024;

/** Who sent an indication. */
export interface ExportPeer {
  readonly address: string | null;
  readonly secure: boolean;
  /** Path of the request: the one in the destination's URL. */
  readonly path: string;
}

/** What the server needs of the world. `C` is whatever the authentication makes of a caller. */
export interface WbemServerOptions<C> {
  readonly listen: readonly ServerListen[];
  /**
   * Null: not accepted (401). Called for every request, so it should remember what it has verified.
   * Absent: only listeners without authentication are possible and `C` is null.
   */
  authenticate?(credentials: Credentials, address: string | null): Promise<C | null>;
  /** Carries an operation out. Absent: CIMOperation gets 400 unsupported-operation. @throws CimError */
  execute?(
    caller: C,
    request: CimRequest,
    options: { readonly signal: AbortSignal /** Name of this server as the client used it. */; readonly host: string },
  ): Promise<CimResult>;
  /** Whether the caller may ask anything at all; asked before a faulty request is answered. @throws CimError 2 */
  admit?(caller: C): void;
  /** Takes an indication in. Absent: CIMExport gets 400 unsupported-operation. @throws CimError */
  onExport?(indication: CimInstance, peer: ExportPeer): Promise<void>;
  /** Names of this server, as they may stand in `Host` without port; the first is written where the request's is none of them. */
  readonly hostNames?: readonly string[];
  /** Default `cimom`. */
  readonly realm?: string;
  readonly limits?: Partial<HttpServerLimits>;
  /**
   * Answers of at least so many bytes are compressed for clients that ask for gzip; default 8 KiB, `Infinity`: none ever.
   * Requests may be compressed in any case.
   */
  readonly gzipFrom?: number;
  readonly log?: Log;
}

/** Where a listener can be reached. */
export interface ServerAddress {
  readonly listen: ServerListen;
  /** `http://127.0.0.1:5988`, `https://[::1]:5989` or `unix:/run/tvdc/admin.sock`. */
  readonly url: string;
  /** Null for sockets. */
  readonly port: number | null;
}

export interface ServerStatistics {
  readonly connections: number;
  /** Requests being answered now. */
  readonly running: number;
  /** Requests since the start, with those that got an HTTP error. */
  readonly requests: number;
  readonly refused: number;
}

/** A server that listens. */
export interface WbemServer {
  readonly addresses: readonly ServerAddress[];
  readonly statistics: ServerStatistics;
  /** From now on every new request gets 503; running ones go on. */
  drain(): void;
  /** Drains, waits for running requests at most `grace` milliseconds (default 10 000), then cuts what is left. */
  close(grace?: number): Promise<void>;
}
