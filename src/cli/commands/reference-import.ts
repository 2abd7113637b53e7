import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import {
  entriesOfDeb,
  entriesOfDirectory,
  bundleSource,
  entriesOfImaLog,
  openBundle,
  parseEntry,
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
import { cannotRead, readBytes, readText } from '../files.js';
import { Progress, type Streams } from '../output/index.js';

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
  readonly replace?: boolean;
}

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
    throw cannotRead(file, error);
  }
}

/** A JSON object a line, as an export writes them; read line by line, however many there are. */
async function* entriesOfLines(file: string): AsyncGenerator<ReferenceEntry> {
  let at = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    at++;
    if (line.trim() === '') continue;
    try {
      yield parseEntry(JSON.parse(line));
    } catch (error) {
      const why = error instanceof ReferenceError ? error.message : 'not JSON';
      throw new ReferenceError('bad_import', `${file} line ${at}: ${why}`, { cause: error });
    }
  }
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
    case 'entries':
      for await (const entry of entriesOfLines(file)) yield { ...entry, ...facts };
      return;
    case 'bundle':
      throw new UsageError(`${file} is a bundle: it brings a version of its own, so it is imported by itself`);
    case 'json':
    case 'keylime': {
      const { entries, exclude, buffers, keys } = parseReferenceFile(readText(file), facts);
      const rules = {
        ...(exclude.length === 0 ? {} : { exclude }),
        ...(buffers.length === 0 ? {} : { buffers }),
        ...(keys.length === 0 ? {} : { keyRings: [{ name: basename(file), keys }] }),
      };
      if (Object.keys(rules).length > 0) {
        streams.notes.write(
          `${file}: ${exclude.length} exclude patterns, ${buffers.length} rules for buffers and ${keys.length} keys belong into a policy file (--policy):\n  ${JSON.stringify(rules)}\n`,
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

/** What all files and the run bring, one after another. */
async function* allEntries(
  files: readonly string[],
  options: ImportCommandOptions,
  streams: Streams,
): AsyncGenerator<ReferenceEntry> {
  const { status } = options;
  for (const file of files) {
    for await (const entry of entriesOfFile(file, options, streams))
      yield status === 'good' ? entry : { ...entry, status };
  }
  if (options.run === undefined) return;
  const source = options.source ?? `run of ${options.run}`;
  for (const entry of entriesOfImaLog(await logOfRun(options, options.run), { source })) yield { ...entry, status };
}

/** A signed bundle takes the place of its older version, and of nothing else. */
async function importBundle(
  references: ReferenceDatabase,
  set: string,
  file: string,
  options: ImportCommandOptions,
  streams: Streams,
): Promise<number> {
  if (options.anchor === undefined)
    throw new UsageError('whose bundles are believed is set apart: name public keys with --anchor');
  const { name, version, digest, entries } = openBundle(readText(file), options.anchor.map(readText));
  streams.notes.write(`${file}: ${name} version ${version}, signed by a believed key\n`);
  const source = bundleSource(name);
  const before = (await references.sets()).find((item) => item.name === set)?.entries ?? 0;
  const own = entries.map((entry) => ({ ...entry, source }));
  return (await references.replace(set, own, { source, bundle: { name, version, digest } })) - before;
}

/** Adds what files and a run bring, or makes it the set's content; a set that is not there is made. @returns entries gained */
export async function importInto(
  references: ReferenceDatabase,
  set: string,
  files: readonly string[],
  options: ImportCommandOptions,
  streams: Streams,
): Promise<number> {
  if (files.length === 0 && options.run === undefined) throw new UsageError('name files, or a system with --run');
  const bundles = files.filter((file) => kindOf(file, options.from) === 'bundle');
  const others = files.filter((file) => !bundles.includes(file));
  if (bundles.length > 0 && options.replace === true)
    throw new UsageError('--replace is not for bundles: each takes the place of its own older version');
  let gained = 0;
  for (const file of bundles) gained += await importBundle(references, set, file, options, streams);
  if (others.length === 0 && options.run === undefined) return gained;
  const shown = new Progress(streams, 'entries');
  const progress = (entries: number): void => shown.at(entries);
  const brought = allEntries(others, options, streams);
  const before = (await references.sets()).find((item) => item.name === set);
  try {
    if (options.replace === true)
      return (await references.replace(set, brought, { progress })) - (before?.entries ?? 0);
    // What goes into a new set is there as a whole or not at all.
    if (before === undefined) return gained + (await references.replace(set, brought, { progress }));
    return gained + (await references.add(set, brought, { progress }));
  } finally {
    shown.end();
  }
}
