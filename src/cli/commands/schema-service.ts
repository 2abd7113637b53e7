import { compileMof, type MofDiagnostic, type MofSource, type SourceLoader } from '../../cim/index.js';
import { type CimInstancePath, type CimValue, isCimArray } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import { typed, type WbemClient } from '../../client/index.js';

const serviceClass = 'TVDC_SchemaService';
const namespace = 'root/interop';
const notSupported = 1;
const modes = { check: 2, load: 3, remove: 4 } as const;

/** What is sent to be compiled: texts by name or an archive, and where to begin. */
export interface ServerCompilation {
  readonly namespace: string;
  readonly mode: keyof typeof modes;
  readonly sources: readonly MofSource[];
  readonly archive: Uint8Array | null;
  /** Left to the server where it is null. */
  readonly files: readonly string[] | null;
}

export interface ServerCompiled {
  readonly done: boolean;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly counts: {
    readonly created: number;
    readonly modified: number;
    readonly deleted: number;
    readonly unchanged: number;
  };
  readonly explanation: string;
}

/** The service of a server of ours; null on every other server. */
export async function findSchemaService(client: WbemClient): Promise<CimInstancePath | null> {
  try {
    return (await client.enumerateInstanceNames(serviceClass, { namespace }))[0] ?? null;
  } catch (error) {
    // Access denied tells nothing about whose server it is: the operations themselves will say so.
    if (error instanceof CimError) return null;
    throw error;
  }
}

function texts(value: CimValue | undefined): readonly string[] {
  return value !== undefined && isCimArray(value) ? value.map(String) : [];
}

function textOf(value: CimValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/**
 * Compiles on the server, in one transaction.
 * @returns null where the server leaves it to the operations: instances that its providers make
 */
export async function compileByService(
  client: WbemClient,
  service: CimInstancePath,
  compilation: ServerCompilation,
): Promise<ServerCompiled | null> {
  const { sources, archive, files } = compilation;
  const { returnValue, out } = await client.invoke(
    service,
    'CompileMOF',
    {
      Namespace: typed('string', compilation.namespace),
      Mode: typed('uint16', modes[compilation.mode]),
      Names: typed('string', sources.length === 0 ? null : sources.map(({ name }) => name)),
      Sources: typed('string', sources.length === 0 ? null : sources.map(({ text }) => text)),
      Archive: typed('string', archive === null ? null : Buffer.from(archive).toString('base64')),
      Files: typed('string', files),
    },
    { namespace },
  );
  if (returnValue === notSupported) return null;
  const count = (name: string): number => Number(out[name] ?? 0);
  return {
    done: returnValue === 0,
    errors: texts(out['Errors']),
    warnings: texts(out['Warnings']),
    counts: {
      created: count('Created'),
      modified: count('Modified'),
      deleted: count('Deleted'),
      unchanged: count('Unchanged'),
    },
    explanation: textOf(out['Explanation']),
  };
}

/** What a compilation of files reads. */
export interface Collected {
  readonly sources: readonly MofSource[];
  /** The files themselves, under the names of their texts. */
  readonly entries: readonly string[];
  readonly declaresQualifiers: boolean;
  /** What cannot be sent, for it is no text. */
  readonly errors: readonly MofDiagnostic[];
}

/** Every text that a compilation of these files reads. */
export function collectSources(loader: SourceLoader, files: readonly string[]): Collected {
  const found = new Map<string, MofSource>();
  const remember = (source: MofSource | null): MofSource | null => {
    if (source !== null) found.set(source.name, source);
    return source;
  };
  const compiled = compileMof(
    {
      load: (name, from) => remember(loader.load(name, from)),
      findClass: (className) => remember(loader.findClass(className)),
    },
    files,
    { mostErrors: 100_000 },
  );
  return {
    sources: [...found.values()],
    entries: files.map((file) => loader.load(file, null)?.name ?? file),
    declaresQualifiers: compiled.namespaces.some(({ qualifierTypes }) => qualifierTypes.length > 0),
    errors: compiled.errors.filter(({ file }) => found.get(file)?.fault !== undefined),
  };
}

async function invoke(
  client: WbemClient,
  method: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, CimValue>>> {
  const service = await findSchemaService(client);
  if (service === null) throw new CimError(7, 'the server is no tvdc, or you may not see its schema service');
  const given = Object.entries(parameters).map(([name, value]) => [name, typed('string', value)] as const);
  const { returnValue, out } = await client.invoke(service, method, Object.fromEntries(given), { namespace });
  if (returnValue !== 0) throw new CimError(1, textOf(out['Explanation']));
  return out;
}

/** Lets a running server copy its data. @returns the file, on the server */
export async function backupByService(client: WbemClient, name: string): Promise<string> {
  return textOf((await invoke(client, 'BackupTo', { File: name }))['Path']);
}

/** Lets a running server give free space back. Bytes before and after. */
export async function compactByService(
  client: WbemClient,
): Promise<{ readonly before: number; readonly after: number }> {
  const out = await invoke(client, 'Compact', {});
  return { before: Number(out['BytesBefore']), after: Number(out['BytesAfter']) };
}
