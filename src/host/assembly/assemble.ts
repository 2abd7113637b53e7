import { hostname } from 'node:os';
import { TvdcError } from '../../base/index.js';
import type { CimClass, CimInstance, CimInstancePath } from '../../cim/index.js';
import { type Authorizer, createObjectManager, type ObjectManager, type Provider } from '../../cimom/index.js';
import { createSubscriptions } from '../../cimom/indications/subscriptions/index.js';
import { schemaServicePath, schemaServiceProvider } from '../../cimom/schema-service/index.js';
import { createExportSender } from '../../http/client/index.js';
import type { ServerListen, WbemServer } from '../../http/server/index.js';
import type { Foundation } from '../foundation/index.js';
import { createFront } from '../front/index.js';
import { openProviderFiles, type ProviderFile, type ProviderFiles } from '../provider-files/index.js';
import { destinationRule } from './destinations.js';
import { interopFace } from './interop.js';
import { ensureRootNamespace, type ProfileFacts } from '../../cimom/interop/index.js';

/** What makes one object manager different from another. */
export interface AssemblyOptions {
  /** Brand that clients see. */
  readonly product: string;
  readonly authorizer: Authorizer;
  readonly providers: readonly Provider[];
  readonly listen: readonly ServerListen[];
  readonly hostNames?: readonly string[];
  /** Hosts besides this one to which indications may be sent. */
  readonly destinations?: readonly string[];
  /** Whether clients that ask get compressed answers; default true. */
  readonly gzip?: boolean;
  /** Providers in processes of their own. */
  readonly providerFiles?: readonly ProviderFile[];
  /** The element that conforms to our profiles. */
  readonly centralInstance: CimInstancePath;
  /** Profiles besides those. */
  readonly profiles?: readonly ProfileFacts[];
}

/** An object manager that serves. */
export interface Assembled {
  readonly objectManager: ObjectManager;
  readonly server: WbemServer;
  /** Who made a filter, destination or subscription; undefined: not known. */
  ownerOf(path: CimInstancePath): string | undefined;
  /** @throws TvdcError `unknown_class` */
  classOf(namespace: string, name: string): CimClass;
  close(): Promise<void>;
}

const ownNames = ['localhost', '127.0.0.1', '::1'];

/**
 * Puts an object manager together: repository, providers, subscriptions with their delivery, interop model, listeners.
 * @throws ConfigurationError where a listener cannot be opened
 */
export async function assemble(foundation: Foundation, options: AssemblyOptions): Promise<Assembled> {
  const { repository, store, maintenance, journal, clock, randomness, log, identity, accounts } = foundation;
  const { authorizer } = options;
  await ensureRootNamespace(repository);
  const sender = createExportSender();
  const subscriptions = await createSubscriptions({
    repository,
    store,
    authorizer,
    journal,
    deliver: (url, indication, signal) => sender.send(url, indication, { signal }),
    systemName: identity.uuid,
    allowDestination: destinationRule(options.destinations ?? []),
    clock,
    randomness,
    log,
  });
  const hostNames = [...new Set([hostname(), ...ownNames, ...(options.hostNames ?? [])])];
  const objectManager = createObjectManager({
    repository,
    authorizer,
    providers: options.providers,
    hostNames,
    journal,
    sink: subscriptions,
    clock,
    randomness,
    log,
  });
  let server: WbemServer | null = null;
  for (const provider of [
    ...subscriptions.providers,
    ...interopFace(foundation, {
      product: options.product,
      service: subscriptions.service,
      services: [schemaServicePath(identity.uuid)],
      centralInstance: options.centralInstance,
      profiles: options.profiles ?? [],
      counted: {
        operations: () => objectManager.statistics(),
        providers: () => objectManager.registry.statistics(),
      },
      addresses: () => server?.addresses ?? [],
    }),
    schemaServiceProvider({
      repository,
      store,
      registry: objectManager.registry,
      systemName: identity.uuid,
      maintenance,
      journal,
      sink: subscriptions,
      clock,
      randomness,
    }),
  ]) {
    objectManager.registry.register(provider);
  }
  let processes: ProviderFiles | null = null;
  const close = async (): Promise<void> => {
    await server?.close();
    await objectManager.shutdown();
    await processes?.close();
    await subscriptions.close();
    await sender.close();
  };
  try {
    const { registry } = objectManager;
    const publish = (namespace: string, indication: CimInstance): void => objectManager.publish(namespace, indication);
    processes = await openProviderFiles(options.providerFiles ?? [], { repository, registry, publish, log });
    const gzip = options.gzip !== false;
    server = await createFront({ listen: options.listen, objectManager, accounts, hostNames, gzip, log });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    objectManager,
    server,
    ownerOf: (path) => subscriptions.ownerOf(path),
    classOf(namespace, name) {
      const cls = repository.space(namespace)?.schema.get(name);
      if (cls === undefined) throw new TvdcError('unknown_class', `there is no class ${name} in ${namespace}`);
      return cls;
    },
    close,
  };
}
