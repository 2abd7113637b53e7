import { Command } from 'commander';
import { join } from 'node:path';
import {
  diffSets,
  openSqliteReferences,
  type ReferenceChange,
  type ReferenceDatabase,
  type ReferenceEntry,
  type ReferenceFilter,
  type ReferenceStatus,
  referenceStatuses,
} from '../../attestation/index.js';
import { mkdirSync } from 'node:fs';
import { type ExportOptions, exportEntries } from './reference-export.js';
import { imaPolicy, importOwn, type OwnOptions, writeOwn } from './reference-own.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { outputForm, withConnection } from '../connection/index.js';
import { type Columns, print, type Streams, toJson, writeRecords } from '../output/index.js';
import { type ImportCommandOptions, importInto, importKinds } from './reference-import.js';
import { verifierFolder, withState } from './verifier-folder.js';

interface DataOptions {
  readonly data?: string;
  readonly state?: string;
  readonly output?: string;
}

interface FilterOptions extends DataOptions {
  readonly digest?: string;
  readonly path?: string;
  readonly package?: string;
  readonly status?: ReferenceStatus;
  readonly source?: string;
}

const entryColumns: Columns<ReferenceEntry & { readonly set?: string }> = [
  ['DIGEST', (entry) => `${entry.algorithm}:${entry.digest}`],
  ['PATH', (entry) => entry.path ?? '*'],
  ['STATUS', (entry) => entry.status],
  ['PACKAGE', (entry) => [entry.package, entry.version].filter(Boolean).join(' ') || '-'],
  ['SOURCE', (entry) => entry.source ?? '-'],
  [
    'NOTES',
    (entry) =>
      Object.entries(entry.annotations ?? {})
        .map(([key, text]) => `${key}=${text}`)
        .join(' ') || '-',
  ],
  ['SET', (entry) => entry.set ?? '-'],
];

/** Runs work on the database of a verifier's folder; the verifier may serve meanwhile. */
async function withReferences<T>(
  options: DataOptions,
  work: (references: ReferenceDatabase) => Promise<T>,
): Promise<T> {
  const folder = verifierFolder(options.data ?? options.state);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const references = openSqliteReferences(join(folder, 'references.db'));
  try {
    return await work(references);
  } finally {
    await references.close();
  }
}

function statusOf(text: string | undefined): ReferenceStatus | undefined {
  if (text === undefined || (referenceStatuses as readonly string[]).includes(text))
    return text as ReferenceStatus | undefined;
  throw new UsageError(`a status is ${referenceStatuses.join(', ')}, not "${text}"`);
}

/** `algorithm:hex` or hex alone. */
const hexOf = (text: string): string => text.replace(/^[a-z0-9-]+:/i, '').toLowerCase();

function filterOf(options: FilterOptions): ReferenceFilter {
  const { digest, path, package: name, source } = options;
  const status = statusOf(options.status);
  return {
    ...(digest === undefined ? {} : { digest: hexOf(digest) }),
    ...(path === undefined ? {} : { path }),
    ...(name === undefined ? {} : { package: name }),
    ...(status === undefined ? {} : { status }),
    ...(source === undefined ? {} : { source }),
  };
}

/** A filter that must not match everything by oversight. @throws UsageError */
function selection(options: FilterOptions & { readonly all?: boolean }): ReferenceFilter {
  const filter = filterOf(options);
  if (Object.keys(filter).length === 0 && options.all !== true) {
    throw new UsageError('say which entries: --digest, --path, --package, --status, --source, or --all');
  }
  return filter;
}

function dateOf(text: string, option: string): number {
  const time = text === 'now' ? Date.now() : Date.parse(text);
  if (Number.isNaN(time)) throw new UsageError(`${option} takes a date as 2026-12-31 or "now", not "${text}"`);
  return time;
}

async function entriesOf(
  references: ReferenceDatabase,
  set: string,
  filter: ReferenceFilter,
): Promise<ReferenceEntry[]> {
  const found: ReferenceEntry[] = [];
  for await (const batch of references.list(set, filter)) found.push(...batch);
  return found;
}

async function list(streams: Streams, set: string | undefined, options: FilterOptions): Promise<void> {
  await withReferences(options, async (references) => {
    if (set !== undefined && outputForm(options) === 'ndjson') {
      for await (const batch of references.list(set, filterOf(options))) {
        await print(streams, batch.map((entry) => `${toJson(entry)}\n`).join(''));
      }
      return;
    }
    if (set !== undefined) {
      const entries = await entriesOf(references, set, filterOf(options));
      await writeRecords(streams, outputForm(options), entries, entryColumns.slice(0, -1));
      return;
    }
    await writeRecords(streams, outputForm(options), await references.sets(), [
      ['SET', (item) => item.name],
      ['ENTRIES', (item) => String(item.entries)],
      ['REVISION', (item) => String(item.revision)],
      ['CHANGED', (item) => new Date(item.changed).toISOString()],
      ['DESCRIPTION', (item) => item.description],
    ]);
  });
}

/** Looks in all sets, or one: by digest, or by path, package or source that are just so. */
async function search(streams: Streams, text: string, options: DataOptions & { readonly set?: string }): Promise<void> {
  await withReferences(options, async (references) => {
    const names = options.set === undefined ? (await references.sets()).map(({ name }) => name) : [options.set];
    const hex = hexOf(text);
    const filters: readonly ReferenceFilter[] = /^[0-9a-f]{40,128}$/.test(hex)
      ? [{ digest: hex }]
      : text.startsWith('/')
        ? [{ path: text }]
        : [{ package: text }, { source: text }];
    const found: (ReferenceEntry & { readonly set: string })[] = [];
    for (const set of names) {
      for (const filter of filters)
        found.push(...(await entriesOf(references, set, filter)).map((entry) => ({ ...entry, set })));
    }
    await writeRecords(streams, outputForm(options), found, entryColumns);
    if (found.length === 0) throw new Exit(exitStatus.no);
  });
}

async function diff(streams: Streams, before: string, after: string, options: DataOptions): Promise<void> {
  const found = await withReferences(options, (references) => diffSets(references, before, after));
  const rows = [
    ...found.removed.map((entry) => ({ change: 'removed', ...entry })),
    ...found.added.map((entry) => ({ change: 'added', ...entry })),
    ...found.changed.map(({ after: entry }) => ({ change: 'changed', ...entry })),
  ];
  await writeRecords(streams, outputForm(options), rows, [
    ['CHANGE', (row) => row.change],
    ...entryColumns.slice(0, -1),
  ]);
  if (rows.length > 0) throw new Exit(exitStatus.no);
}

interface AnnotateOptions extends FilterOptions {
  readonly all?: boolean;
  readonly toStatus?: string;
  readonly toPackage?: string;
  readonly toVersion?: string;
  readonly validFrom?: string;
  readonly validUntil?: string;
  readonly note?: readonly string[];
}

function changeOf(options: AnnotateOptions): ReferenceChange {
  const notes = (options.note ?? []).map((text): readonly [string, string] => {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`--note takes KEY=TEXT, not "${text}"`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
  const status = statusOf(options.toStatus);
  const change: ReferenceChange = {
    ...(status === undefined ? {} : { status }),
    ...(options.toPackage === undefined ? {} : { package: options.toPackage }),
    ...(options.toVersion === undefined ? {} : { version: options.toVersion }),
    ...(options.validFrom === undefined ? {} : { validFrom: dateOf(options.validFrom, '--valid-from') }),
    ...(options.validUntil === undefined ? {} : { validUntil: dateOf(options.validUntil, '--valid-until') }),
    ...(notes.length === 0 ? {} : { annotations: Object.fromEntries(notes) }),
  };
  if (Object.keys(change).length === 0)
    throw new UsageError('say what to change: --to-status, --note, --valid-until …');
  return change;
}

async function change(
  streams: Streams,
  set: string,
  filter: ReferenceFilter,
  to: ReferenceChange,
  options: DataOptions,
): Promise<void> {
  const count = await withReferences(options, (references) => references.annotate(set, filter, to));
  await print(streams, `${count} entries changed\n`);
  if (count === 0) throw new Exit(exitStatus.no);
}

async function remove(
  streams: Streams,
  set: string,
  options: FilterOptions & { readonly all?: boolean },
): Promise<void> {
  await withReferences(options, async (references) => {
    if (options.all === true) {
      if (Object.keys(filterOf(options)).length > 0)
        throw new UsageError(
          '--all deletes the whole set: it does not go with --digest, --path, --package, --status, --source',
        );
      await references.deleteSet(set);
      await print(streams, `${set} is deleted; what was trusted because of it is not from the next round on\n`);
      return;
    }
    const count = await references.delete(set, selection(options));
    await print(streams, `${count} entries deleted; what was trusted because of them is not from the next round on\n`);
    if (count === 0) throw new Exit(exitStatus.no);
  });
}

function withData(command: Command): Command {
  return withState(command.option('--data <folder>', 'the same'));
}

function withFilter(command: Command): Command {
  return command
    .option('--digest <hex>', 'entries with this digest')
    .option('--path <path>', 'entries for this path')
    .option('--package <name>', 'entries of this package')
    .option('--status <status>', referenceStatuses.join(', '))
    .option('--source <source>', 'entries that came from there');
}

const form = '-o, --output <form>';
const forms = 'table, json, ndjson';

export function referenceCommand(streams: Streams): Command {
  const reference = new Command('reference').description("reference measurements of a verifier's database");
  withFilter(withData(reference.command('list')))
    .argument('[set]')
    .description('all sets, or the entries of one')
    .option(form, forms)
    .action((set: string | undefined, options: FilterOptions) => list(streams, set, options));
  withData(reference.command('create'))
    .argument('<set>')
    .option('--description <text>', 'what it is for')
    .description('make an empty set')
    .action(async (set: string, options: DataOptions & { readonly description?: string }) => {
      await withReferences(options, (references) => references.createSet(set, options.description));
      await print(streams, `${set} is there\n`);
    });
  // --data names the folder of a host on this machine in all that talks to one.
  withState(withConnection(reference.command('import')))
    .argument('<set>', 'made where it is not there')
    .argument('[files...]', 'IMA logs, directories, .deb packages, JSON, keylime policies, signed bundles')
    .description('add good measurements')
    .option('--from <kind>', `what the files are: ${importKinds.join(', ')} (default: as they look)`)
    .option('--run <system>', 'the measurements of a trusted run: a VM or the host behind --url, by name or UUID')
    .option('--anchor <pem...>', 'public keys whose bundles are believed')
    .option('--package <name>', 'stands in every entry')
    .option('--version <version>', 'stands in every entry')
    .option('--source <source>', 'stands in every entry')
    .option('--status <status>', referenceStatuses.join(', '), 'good')
    .option('--mounted-at <path>', 'where a directory lies in the measured system', '/')
    .option('--replace', 'make it all that the set has: what is not in it is trusted no more')
    .action(async (set: string, files: readonly string[], options: ImportCommandOptions) => {
      statusOf(options.status);
      const { state } = options;
      const gained = await withReferences(state === undefined ? {} : { state }, (references) =>
        importInto(references, set, files, options, streams),
      );
      await print(streams, `${set} has gained ${gained} entries\n`);
    });
  withData(reference.command('own'))
    .argument('[set]', 'where to; left out: written, one JSON object a line, to be imported elsewhere')
    .description('the files of this very program, of what it needs and of its interpreter, as good measurements')
    .option('--installed-at <path>', 'where the package lies on the measured hosts (default: as here)')
    .option('--node-at <path>', 'where the interpreter lies there (default: as here)')
    .option('--ima-policy', 'write the IMA rules under which these files are measured, and nothing else')
    .option('--uid <number>', 'with --ima-policy: numeric user of the service (default: who runs this)')
    .action(async (set: string | undefined, options: OwnOptions) => {
      if (options.imaPolicy === true) await print(streams, imaPolicy(options));
      else if (set === undefined) await writeOwn(streams, options);
      else await withReferences(options, (references) => importOwn(streams, references, set, options));
    });
  withData(reference.command('export'))
    .argument('<set>')
    .description('write a set')
    .option('--form <form>', 'json (path → digests), entries (a JSON object a line), bundle (signed)', 'json')
    .option('--key <file>', 'private key for a bundle: Ed25519, ECDSA or RSA, PEM')
    .option('--version <number>', "version of a bundle (default: the set's revision)")
    .option('--to <file>', 'where to', '-')
    .action((set: string, options: ExportOptions) =>
      withReferences(options, (references) => exportEntries(streams, references, set, options)),
    );
  withData(reference.command('diff'))
    .argument('<before>')
    .argument('<after>')
    .option(form, forms)
    .description('what makes one set the other; status 1 where they differ')
    .action((before: string, after: string, options: DataOptions) => diff(streams, before, after, options));
  withFilter(withData(reference.command('annotate')))
    .argument('<set>')
    .description('quality, known vulnerabilities, malware, validity')
    .option('--all', 'every entry of the set')
    .option('--to-status <status>', referenceStatuses.join(', '))
    .option('--to-package <name>')
    .option('--to-version <version>')
    .option('--valid-from <date>')
    .option('--valid-until <date>')
    .option('--note <key=text...>', 'remarks; an empty text removes one')
    .action((set: string, options: AnnotateOptions) =>
      change(streams, set, selection(options), changeOf(options), options),
    );
  withFilter(withData(reference.command('expire')))
    .argument('<set>')
    .description('end the validity of entries')
    .option('--all', 'every entry of the set')
    .option('--at <date>', 'when', 'now')
    .action((set: string, options: FilterOptions & { readonly all?: boolean; readonly at: string }) =>
      change(streams, set, selection(options), { validUntil: dateOf(options.at, '--at') }, options),
    );
  withFilter(withData(reference.command('delete')))
    .argument('<set>')
    .description('delete entries, or with --all the set; revokes trust at the next round')
    .option('--all', 'the whole set')
    .action((set: string, options: FilterOptions & { readonly all?: boolean }) => remove(streams, set, options));
  withData(reference.command('search'))
    .argument('<text>', 'digest, absolute path, package or source')
    .option('--set <set>', 'only there')
    .option(form, forms)
    .description('find entries; status 1 where there is none')
    .action((text: string, options: DataOptions & { readonly set?: string }) => search(streams, text, options));
  return reference;
}
