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
import { Exit, exitStatus } from '../exit.js';
import { abortOnSignal } from '../signals.js';
import { compileFiles, countsOf, tellDiagnostics } from './mof-files.js';
import { collectSources, compileByService, findSchemaService } from './schema-service.js';

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
  /** The same as an archive, where it came as one. */
  readonly archive?: Uint8Array;
  readonly mode: LoadMode;
  /** Compile and compare with the server, load nothing. */
  readonly checkOnly: boolean;
  /** Compiled first where neither the namespace nor the files have qualifier types. */
  readonly qualifiers: MofSource | null;
}

function summary(steps: readonly LoadStep[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { action } of steps) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}

type Counts = Readonly<Record<string, number>>;

function sentenceOf(namespace: string, counts: Counts): string {
  const words = Object.entries(counts).flatMap(([action, number]) => (number === 0 ? [] : [`${number} ${action}`]));
  return `${namespace}: ${words.length === 0 ? 'nothing to do' : words.join(', ')}`;
}

/** The texts of the files, behind the standard qualifier types where those are wanted. */
async function textsToSend(
  streams: Streams,
  client: WbemClient,
  namespace: string,
  { loader, files, qualifiers }: LoadWish,
): Promise<{ readonly sources: readonly MofSource[]; readonly files: readonly string[] }> {
  const { sources, entries, declaresQualifiers, errors } = collectSources(loader, files);
  if (errors.length > 0) {
    tellDiagnostics(streams, errors);
    throw new Exit(exitStatus.no);
  }
  const missing =
    qualifiers !== null && !declaresQualifiers && (await client.enumerateQualifiers({ namespace })).length === 0;
  if (!missing) return { sources, files: entries };
  return { sources: [qualifiers, ...sources], files: [qualifiers.name, ...entries] };
}

/** Lets a server of ours do it, in one transaction. @returns whether it did @throws Exit 1, CimError */
async function loadByService(
  streams: Streams,
  options: ConnectionOptions,
  wish: LoadWish,
  client: WbemClient,
): Promise<boolean> {
  const service = await findSchemaService(client);
  if (service === null) return false;
  const namespace = namespaceOf(options);
  const archive = wish.archive ?? null;
  const mode = wish.checkOnly ? 'check' : wish.mode;
  const sent =
    archive === null ? await textsToSend(streams, client, namespace, wish) : { sources: [], files: wish.files };
  const result = await compileByService(client, service, { namespace, mode, archive, ...sent });
  if (result === null) return false;
  for (const text of [...result.errors, ...result.warnings]) streams.notes.write(`${text}\n`);
  if (result.errors.length > 0) throw new Exit(exitStatus.no);
  if (!result.done) throw new CimError(1, result.explanation);
  const sentence = wish.checkOnly ? result.explanation : sentenceOf(namespace, result.counts);
  await writeAnswer(streams, outputForm(options), sentence, { namespace, ...result.counts });
  return true;
}

/** Compiles against what the server has, then loads or removes. @throws Exit 1, CimError, MofLoadError */
export async function loadOnServer(streams: Streams, options: ConnectionOptions, wish: LoadWish): Promise<void> {
  const form = outputForm(options);
  const client = await connect(options);
  if (await loadByService(streams, options, wish, client)) return;
  const namespace = namespaceOf(options);
  const existing = await schemaOnServer(client, namespace);
  const complete = existing.qualifierTypes().length > 0 || collectSources(wish.loader, wish.files).declaresQualifiers;
  const qualifiers = complete || wish.qualifiers === null ? [] : [wish.qualifiers];
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
  // Whoever interrupts a load wants the server as it was.
  const { signal, release } = abortOnSignal();
  try {
    const steps = await loadMof(compiled, createTransportTarget(client.transport), {
      mode: wish.mode,
      signal,
      onStep: () => progress.at(++count),
    });
    const counts = summary(steps);
    await writeAnswer(streams, form, sentenceOf(namespace, counts), { namespace, ...counts, steps });
  } catch (error) {
    if (error instanceof MofLoadError) {
      for (const { step, reason } of error.notUndone) {
        streams.notes.write(`not undone: ${step.kind} ${step.name} ${step.action}: ${reason}\n`);
      }
    }
    throw error;
  } finally {
    release();
    progress.end();
  }
}
