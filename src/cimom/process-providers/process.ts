import { type Log, silentLog } from '../../base/index.js';
import type { Provider } from '../provider/index.js';
import { type IndicationPorts, IndicationIntake } from './indications.js';
import type { RpcParameters } from './json-rpc.js';
import { ProviderKeeper } from './keeper.js';
import { defaultProcessLimits, type ProcessLimits } from './limits.js';
import { createProcessProvider, type ServedClass } from './provider.js';
import { socketConnector } from './socket.js';
import { type ProcessCommand, processConnector } from './spawn.js';

/** Where a provider process is: a program to be started, or the Unix socket of one that runs. */
export type ProcessPlace =
  | ({ readonly kind: 'command' } & ProcessCommand)
  | { readonly kind: 'socket'; readonly path: string };

export interface ProviderProcessOptions {
  /** For logs and messages. */
  readonly name: string;
  readonly place: ProcessPlace;
  readonly classes: readonly ServedClass[];
  /** Left out: it raises no indications. */
  readonly indications?: IndicationPorts;
  readonly limits?: Partial<ProcessLimits>;
  readonly log?: Log;
}

/** A provider in a process of its own. */
export interface ProviderProcess {
  /** One for each class, to be registered. */
  readonly providers: readonly Provider[];
  /** Begins the conversation before the first request does. @throws ProviderProcessError `provider_unavailable` */
  start(): Promise<void>;
  /** Ends it: closes its input, then by force. */
  close(): Promise<void>;
}

/**
 * Providers whose work is done by another program, in any language, that speaks JSON-RPC 2.0 over its standard input and output
 * or a Unix socket (docs/providers.md). It is started when it is needed; when it ends, the requests that it has fail, and the
 * next one starts it again. One that raises indications is started again by itself.
 */
export function createProviderProcess(options: ProviderProcessOptions): ProviderProcess {
  const { name, place, log = silentLog } = options;
  const limits = { ...defaultProcessLimits, ...options.limits };
  const intake =
    options.indications === undefined ? null : new IndicationIntake(name, options.indications, limits, log);
  // What is not known is left alone, as JSON-RPC wants it.
  const onNotification = (method: string, params: RpcParameters): void => {
    if (method === 'indicate') intake?.take(params);
  };
  const connector =
    place.kind === 'command'
      ? processConnector(name, place, limits, log, onNotification)
      : socketConnector(place.path, limits, onNotification);
  const keeper = new ProviderKeeper(name, connector, { limits, log, restarts: intake !== null });
  return {
    providers: options.classes.map((served) => createProcessProvider(served, keeper, limits)),
    async start() {
      await keeper.connection();
    },
    close: () => keeper.close(),
  };
}
