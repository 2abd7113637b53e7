import type { CimInstance, CimInstancePath } from '../../cim/index.js';
import type { Provider, ProviderContext } from '../../cimom/index.js';

async function* oneAfterTheOther(
  providers: readonly Provider[],
  stream: (provider: Provider) => AsyncIterable<readonly CimInstance[]> | undefined,
): AsyncGenerator<readonly CimInstance[]> {
  for (const provider of providers) {
    const batches = stream(provider);
    if (batches !== undefined) yield* batches;
  }
}

function merge(providers: readonly Provider[]): Provider {
  const [first] = providers as [Provider];
  if (providers.length === 1) return first;
  return {
    className: first.className,
    namespaces: first.namespaces,
    enumerate: (context) => oneAfterTheOther(providers, (provider) => provider.enumerate?.(context)),
    async get(context: ProviderContext, path: CimInstancePath) {
      for (const provider of providers) {
        const found = (await provider.get?.(context, path)) ?? null;
        if (found !== null) return found;
      }
      return null;
    },
    references: (context: ProviderContext, object: CimInstancePath, role: string | null) =>
      oneAfterTheOther(providers, (provider) => provider.references?.(context, object, role)),
  };
}

/** One provider for each class: associations that several families have a share in become one. */
export function mergeAssociations(providers: readonly Provider[]): readonly Provider[] {
  const byClass = new Map<string, Provider[]>();
  for (const provider of providers) {
    const same = byClass.get(provider.className);
    if (same === undefined) byClass.set(provider.className, [provider]);
    else same.push(provider);
  }
  return [...byClass.values()].map(merge);
}
