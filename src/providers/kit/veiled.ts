import { CimError, type CimValue } from '../../cim/index.js';
import type { MethodFunction, MethodOutcome, Provider, ProviderContext } from '../../cimom/index.js';
import type { Veil } from './host-view.js';

/** OUT parameters that hold sentences. */
const sentences = ['Explanation', 'Results', 'Findings', 'Breaks', 'Dormant', 'Invalidated', 'Reasons'] as const;

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
  const out: { -readonly [K in keyof Provider]: Provider[K] } = { ...provider };
  if (methods.length > 0) out.methods = Object.fromEntries(methods);
  const create = provider.create?.bind(provider);
  if (create !== undefined) {
    out.create = (context, instance) => behind(veil, context, () => create(context, instance));
  }
  if (provider.modify !== undefined) {
    out.modify = (context, instance, list) =>
      behind(veil, context, async () => provider.modify?.(context, instance, list));
  }
  if (provider.delete !== undefined) {
    out.delete = (context, path) => behind(veil, context, async () => provider.delete?.(context, path));
  }
  return out;
}
