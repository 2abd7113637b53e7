import type { ProviderProcessError } from './errors.js';
import type { RpcPeer } from './json-rpc.js';

/** A conversation with a provider that runs. */
export interface Connection {
  readonly peer: RpcPeer;
  /** Resolves with the reason when it is over. Never rejects. */
  readonly over: Promise<ProviderProcessError>;
  /** Ends it and, where we started it, the process. */
  end(): Promise<void>;
}

/** Starts or reaches a provider. @throws ProviderProcessError `provider_unavailable` */
export type Connector = () => Promise<Connection>;
