import {
  createMemorySource,
  createTransportTarget,
  type LoadMode,
  loadMof,
  type LoadStep,
  type MemorySource,
  MofLoadError,
  type MofSource,
  type SourceLoader,
} from '../../cim/index.js';
import { CimError } from '../../cim/operations/index.js';
import type { WbemClient } from '../../client/index.js';
import { type ConnectionOptions, connect, namespaceOf, outputForm } from '../connection/index.js';
import { Progress, type Streams, writeAnswer } from '../output/index.js';
import { compileFiles, countsOf } from './mof-files.js';

/** Everything that a namespace declares, in two requests. Nothing where the server does not tell. */
async function schemaOnServer(client: WbemClient, namespace: string): Promise<MemorySource> {
  const none = (error: unknown): [] => {
    if (error instanceof CimError && error.status !== 2 && error.status !== 3) return [];
    throw error;
  };
  const qualifiers = await client.enumerateQualifiers({ namespace }).catch(none);
  const classes = await client
    .enumerateClasses({ namespace, deepInheritance: true, localOnly: true, includeQualifiers: true })
    .catch(none);
  return createMemorySource(classes, qualifiers);
}

export interface LoadWish {
  readonly loader: SourceLoader;
  readonly files: readonly string[];
  readonly mode: LoadMode;
  /** Compile and compare with the server, load nothing. */
  readonly checkOnly: boolean;
  /** Compiled first where the namespace has no qualifier types. */
  readonly qualifiers: MofSource | null;
}

function summary(steps: readonly LoadStep[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { action } of steps) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}

/** Compiles against what the server has, then loads or removes. @throws Exit 1, CimError, MofLoadError */
export async function loadOnServer(streams: Streams, options: ConnectionOptions, wish: LoadWish): Promise<void> {
  const form = outputForm(options);
  const client = await connect(options);
  const namespace = namespaceOf(options);
  const existing = await schemaOnServer(client, namespace);
  const qualifiers = existing.qualifierTypes().length > 0 || wish.qualifiers === null ? [] : [wish.qualifiers];
  const compiled = compileFiles(streams, wish.loader, [...qualifiers, ...wish.files], {
    namespace,
    existing: (name) => (name.toLowerCase() === namespace.toLowerCase() ? existing : undefined),
  });
  if (wish.checkOnly) {
    const { classes, instances } = countsOf(compiled);
    await writeAnswer(streams, form, `${classes} classes and ${instances} instances fit`, { classes, instances });
    return;
  }
  const progress = new Progress(streams, 'declarations');
  let count = 0;
  try {
    const steps = await loadMof(compiled, createTransportTarget(client.transport), {
      mode: wish.mode,
      onStep: () => progress.at(++count),
    });
    const counts = summary(steps);
    const words = Object.entries(counts).map(([action, number]) => `${number} ${action}`);
    const record = { namespace, ...counts, steps };
    await writeAnswer(
      streams,
      form,
      `${namespace}: ${words.length === 0 ? 'nothing to do' : words.join(', ')}`,
      record,
    );
  } catch (error) {
    if (error instanceof MofLoadError) {
      for (const { step, reason } of error.notUndone) {
        streams.notes.write(`not undone: ${step.kind} ${step.name} ${step.action}: ${reason}\n`);
      }
    }
    throw error;
  } finally {
    progress.end();
  }
}
