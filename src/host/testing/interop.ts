import { builtinMofFiles, compileMofStrictly, createMapLoader } from '../../cim/index.js';
import { type IndicationSink, openAuthorizer, type Provider } from '../../cimom/index.js';
import { createSubscriptions } from '../../cimom/indications/subscriptions/index.js';
import { ensureRootNamespace, interopProviders, ownProfiles } from '../../cimom/interop/index.js';
import type { Repository } from '../../cimom/repository/index.js';
import { createExportSender } from '../../client/index.js';
import type { Store } from '../../store/index.js';
import { readShippedMof } from '../foundation/index.js';
import type { TestServerOptions } from './options.js';

const namespace = 'root/interop';
const systemName = 'test.example';

/** What makes a test server one that can be discovered and subscribed at. */
export interface TestInterop {
  readonly providers: readonly Provider[];
  readonly sink: IndicationSink;
  readonly close: () => Promise<void>;
}

/** The interop model and subscriptions; their classes are brought into the repository where they are not there. */
export async function interopOf(
  store: Store,
  repository: Repository,
  options: TestServerOptions,
  addresses: () => readonly { readonly url: string }[],
): Promise<TestInterop> {
  const space = repository.space(namespace) ?? (await repository.createNamespace(namespace));
  if (space.schema.get('CIM_ObjectManager') === undefined) {
    const file = builtinMofFiles[namespace];
    const { namespaces } = compileMofStrictly(createMapLoader(readShippedMof()), [file], { namespace });
    for (const unit of namespaces) if (unit.name === namespace) await space.importSchema(unit);
  }
  await ensureRootNamespace(repository);
  const given = {
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.log === undefined ? {} : { log: options.log }),
  };
  const sender = createExportSender();
  const subscriptions = await createSubscriptions({
    repository,
    store,
    authorizer: options.authorizer ?? openAuthorizer,
    deliver: (url, indication, signal) => sender.send(url, indication, { signal }),
    systemName,
    ...given,
  });
  const providers = interopProviders({
    repository,
    systemName,
    productName: 'tvdc test server',
    version: '1.0.0',
    addresses,
    profiles: ownProfiles,
    indications: subscriptions.service,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  return {
    providers: [...subscriptions.providers, ...providers],
    sink: subscriptions,
    close: async () => {
      await subscriptions.close();
      await sender.close();
    },
  };
}
