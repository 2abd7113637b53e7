import { CimError, type CimValue } from '../../cim/index.js';
import type { MethodFunction, MethodOutcome, Provider, ProviderContext } from '../../cimom/index.js';
import type { Veil } from './host-view.js';

/** OUT parameters that hold sentences. */
const sentences = ['Explanation', 'Results', 'Findings'] as const;

function coverError(veil: Veil, context: ProviderContext, error: unknown): unknown {
  if (!(error instanceof CimError)) return error;
  const description = veil.cover(context.caller, error.description);
  if (description === error.description) return error;
  const { instances, messageId } = error;
  return new CimError(error.status, description, { instances, ...(messageId === null ? {} : { messageId }) });
}

async function behind<T>(veil: Veil, context: ProviderContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw coverError(veil, context, error);
  }
}

function coverOutcome(veil: Veil, context: ProviderContext, outcome: MethodOutcome): MethodOutcome {
  if (outcome.out === undefined) return outcome;
  const out: Record<string, CimValue> = { ...outcome.out };
  const cover = (text: CimValue): CimValue => (typeof text === 'string' ? veil.cover(context.caller, text) : text);
  for (const name of sentences) {
    const value = out[name];
    if (value === undefined) continue;
    out[name] = Array.isArray(value) ? (value.map((item) => cover(item as CimValue)) as CimValue) : cover(value);
  }
  return { ...outcome, out };
}

/**
 * A provider whose sentences do not tell a caller of other workloads: what the reference monitor says about conflicts names
 * who stands against whom.
 */
export function veiled(veil: Veil, provider: Provider): Provider {
  const methods = Object.entries(provider.methods ?? {}).map(([name, method]): [string, MethodFunction] => [
    name,
    (context, self, parameters) =>
      behind(veil, context, async () => coverOutcome(veil, context, await method(context, self, parameters))),
  ]);
  const { create, modify } = provider;
  const remove = provider.delete;
  return {
    ...provider,
    ...(methods.length === 0 ? {} : { methods: Object.fromEntries(methods) }),
    ...(create === undefined
      ? {}
      : { create: (context, instance) => behind(veil, context, () => create.call(provider, context, instance)) }),
    ...(modify === undefined
      ? {}
      : {
          modify: (context, instance, list) =>
            behind(veil, context, () => modify.call(provider, context, instance, list)),
        }),
    ...(remove === undefined
      ? {}
      : { delete: (context, path) => behind(veil, context, () => remove.call(provider, context, path)) }),
  };
}
