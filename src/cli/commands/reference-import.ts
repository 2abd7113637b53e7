import { openSync, readSync, closeSync, statSync } from 'node:fs';
import {
  entriesOfDeb,
  entriesOfDirectory,
  entriesOfImaLog,
  openBundle,
  parseReferenceFile,
  type ReferenceDatabase,
  type ReferenceEntry,
  ReferenceError,
  type ReferenceStatus,
} from '../../attestation/index.js';
import { concatBytes, fromBase64, TvdcError } from '../../base/index.js';
import { completed, listSystems, outText } from '../../client/management/index.js';
import { parseImaAscii } from '../../tpm/logs/index.js';
import { connect, type ConnectionOptions, namespaceOf } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { readBytes, readText } from '../files.js';
import type { Streams } from '../output/index.js';

export const importKinds = ['ima-log', 'directory', 'deb', 'json', 'keylime', 'bundle', 'entries'] as const;
type ImportKind = (typeof importKinds)[number];

export interface ImportCommandOptions extends ConnectionOptions {
  readonly state?: string;
  readonly from?: string;
  readonly run?: string;
  readonly anchor?: readonly string[];
  readonly package?: string;
  readonly version?: string;
  readonly source?: string;
  readonly status: ReferenceStatus;
  readonly mountedAt: string;
}

const batch = 1000;

/** The first octets of a file. */
function head(file: string): Buffer {
  const buffer = Buffer.alloc(512);
  const handle = openSync(file, 'r');
  try {
    return buffer.subarray(0, readSync(handle, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(handle);
  }
}

function kindOf(file: string, named: string | undefined): ImportKind {
  const kind = importKinds.find((item) => item === named);
  if (kind !== undefined) return kind;
  if (named !== undefined) throw new UsageError(`--from takes ${importKinds.join(', ')}, not "${named}"`);
  try {
    if (statSync(file).isDirectory()) return 'directory';
    const first = head(file);
    const text = first.toString('latin1');
    if (text.startsWith('!<arch>\n')) return 'deb';
    if (text.startsWith('{"format":"tvdc-reference-bundle-1"')) return 'bundle';
    if (/^\s*\{\s*"algorithm"/.test(text)) return 'entries';
    return /^\s*\{/.test(text) ? 'json' : 'ima-log';
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${(error as Error).message}`);
  }
}

function entriesOfLines(text: string): ReferenceEntry[] {
  return text.split('\n').flatMap((line, at) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as ReferenceEntry];
    } catch (error) {
      throw new ReferenceError('bad_import', `line ${at + 1} is not JSON`, { cause: error });
    }
  });
}

async function* entriesOfFile(
  file: string,
  options: ImportCommandOptions,
  streams: Streams,
): AsyncGenerator<ReferenceEntry> {
  const facts = {
    ...(options.package === undefined ? {} : { package: options.package }),
    ...(options.version === undefined ? {} : { version: options.version }),
    ...(options.source === undefined ? {} : { source: options.source }),
  };
  const kind = kindOf(file, options.from);
  switch (kind) {
    case 'directory':
      yield* entriesOfDirectory(file, { ...facts, mountedAt: options.mountedAt });
      return;
    case 'deb':
      yield* entriesOfDeb(file, facts);
      return;
    case 'ima-log': {
      const bytes = readBytes(file);
      const binary = bytes.length > 1 && bytes[1] === 0 ? bytes : parseImaAscii(Buffer.from(bytes).toString('utf8'));
      yield* entriesOfImaLog(binary, facts);
      return;
    }
    case 'bundle': {
      if (options.anchor === undefined)
        throw new UsageError('whose bundles are believed is set apart: name public keys with --anchor');
      const bundle = openBundle(readText(file), options.anchor.map(readText));
      streams.notes.write(`${file}: ${bundle.name} version ${bundle.version}, signed by a believed key\n`);
      yield* bundle.entries.map((entry) => ({ ...entry, ...facts }));
      return;
    }
    case 'entries':
      yield* entriesOfLines(readText(file)).map((entry) => ({ ...entry, ...facts }));
      return;
    case 'json':
    case 'keylime': {
      const { entries, exclude } = parseReferenceFile(readText(file), facts);
      if (exclude.length > 0) {
        streams.notes.write(
          `${file}: ${exclude.length} exclude patterns belong into a policy file:\n  ${JSON.stringify(exclude)}\n`,
        );
      }
      yield* entries;
    }
  }
}

/** The measurement log of a system, read over CIM in parts. @throws TvdcError `not_found` */
async function logOfRun(options: ImportCommandOptions, system: string): Promise<Uint8Array> {
  const client = await connect(options);
  const namespace = namespaceOf(options);
  const { host, vms } = await listSystems(client, namespace);
  const found = [host, ...vms].find(({ name, uuid }) => name === system || uuid === system.toLowerCase());
  if (found === undefined) throw new TvdcError('not_found', `no system ${system} on this host`);
  const log = await client
    .associatorPaths(found.path, { namespace, assocClass: 'TVDC_UseOfLog', resultClass: 'TVDC_MeasurementLog' })
    .first();
  if (log === undefined) throw new TvdcError('not_found', `the host shows no measurements of ${found.name}`);
  const parts: Uint8Array[] = [];
  for (let at = 0n; ; ) {
    const out = completed(
      'GetMeasurements',
      await client.invoke(log, 'GetMeasurements', { StartIndex: at, MaxEntries: 5000 }, { namespace }),
    );
    const next = typeof out['NextIndex'] === 'bigint' ? out['NextIndex'] : at;
    parts.push(fromBase64(outText(out, 'Data')));
    if (next <= at) return concatBytes(...parts);
    at = next;
  }
}

/** Adds what files and a run bring; a set that is not there is made. @returns entries gained */
export async function importInto(
  references: ReferenceDatabase,
  set: string,
  files: readonly string[],
  options: ImportCommandOptions,
  streams: Streams,
): Promise<number> {
  if (files.length === 0 && options.run === undefined) throw new UsageError('name files, or a system with --run');
  if (!(await references.sets()).some(({ name }) => name === set)) await references.createSet(set);
  const withStatus = (entry: ReferenceEntry): ReferenceEntry =>
    options.status === 'good' ? entry : { ...entry, status: options.status };
  let gained = 0;
  let waiting: ReferenceEntry[] = [];
  const flush = async (): Promise<void> => {
    gained += await references.add(set, waiting);
    waiting = [];
  };
  for (const file of files) {
    for await (const entry of entriesOfFile(file, options, streams)) {
      waiting.push(withStatus(entry));
      if (waiting.length >= batch) await flush();
    }
  }
  if (options.run !== undefined) {
    const source = options.source ?? `run of ${options.run}`;
    for (const entry of entriesOfImaLog(await logOfRun(options, options.run), { source }))
      waiting.push(withStatus(entry));
  }
  await flush();
  return gained;
}
