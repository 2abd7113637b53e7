import { Command } from 'commander';
import { type DeclaredSchema, diffSchemas } from '../../cim/index.js';
import { type ConnectionOptions, connect, namespaceOf, outputForm, withConnection } from '../connection/index.js';
import { type Streams, writeRecords } from '../output/index.js';
import { Exit, exitStatus } from '../exit.js';
import { compileFiles, readSchemaFiles, standardQualifiers, standardQualifierTypes } from './mof-files.js';
import { loadOnServer } from './mof-load.js';

async function install(streams: Streams, path: string, options: ConnectionOptions): Promise<void> {
  const { loader, main, archive } = readSchemaFiles(path);
  await loadOnServer(streams, options, {
    loader,
    files: main,
    ...(archive === undefined ? {} : { archive }),
    mode: 'load',
    checkOnly: false,
    qualifiers: standardQualifiers(),
  });
}

function schemaOfFiles(streams: Streams, path: string): DeclaredSchema {
  const { loader, main } = readSchemaFiles(path);
  const standard = standardQualifierTypes();
  const units = compileFiles(streams, loader, main, { existing: () => standard }).namespaces;
  const own = units.flatMap((unit) => unit.qualifierTypes);
  return {
    // Files that declare none take the standard ones for granted, and get them where they are installed.
    qualifierTypes: own.length > 0 ? own : standard.qualifierTypes(),
    classes: units.flatMap((unit) => unit.classes),
  };
}

async function schemaOfServer(options: ConnectionOptions): Promise<DeclaredSchema> {
  const namespace = namespaceOf(options);
  const client = await connect(options);
  const classes = await client.enumerateClasses({
    namespace,
    deepInheritance: true,
    localOnly: true,
    includeQualifiers: true,
  });
  return { qualifierTypes: await client.enumerateQualifiers({ namespace }), classes };
}

async function diff(
  streams: Streams,
  before: string,
  after: string | undefined,
  options: ConnectionOptions,
): Promise<void> {
  const form = outputForm(options);
  const second = after === undefined ? await schemaOfServer(options) : schemaOfFiles(streams, after);
  const differences = diffSchemas(schemaOfFiles(streams, before), second);
  await writeRecords(streams, form, differences, [
    ['CHANGE', (row) => row.change],
    ['ELEMENT', (row) => row.element],
    ['DETAIL', (row) => row.detail ?? ''],
  ]);
  if (differences.length > 0) throw new Exit(exitStatus.no);
}

/** The part of a class name before the underscore says whose class it is. */
async function list(streams: Streams, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const namespace = namespaceOf(options);
  const names = await (await connect(options)).enumerateClassNames({ namespace, deepInheritance: true });
  const counts = new Map<string, number>();
  for (const name of names) {
    const schema = name.includes('_') ? name.slice(0, name.indexOf('_')) : '';
    counts.set(schema, (counts.get(schema) ?? 0) + 1);
  }
  const rows = [...counts].sort().map(([schema, classes]) => ({ schema, classes }));
  await writeRecords(streams, form, rows, [
    ['SCHEMA', (row) => row.schema],
    ['CLASSES', (row) => String(row.classes)],
  ]);
}

export function schemaCommand(streams: Streams): Command {
  const schema = new Command('schema').description('whole schemas of a server');
  withConnection(schema.command('install').description('load a schema beside what is there; classes are merged'))
    .argument('<path>', 'ZIP archive of MOF files, as the DMTF publishes them, or a folder')
    .addHelpText('after', '\nExample: tvdc schema install cim_schema_2.49.0Final-MOFs.zip --namespace root/cimv2')
    .action((path: string, options: ConnectionOptions) => install(streams, path, options));
  withConnection(schema.command('list').description('the schemas of a namespace and how many classes each has')).action(
    (options: ConnectionOptions) => list(streams, options),
  );
  withConnection(schema.command('diff').description('what a second schema, or the namespace, has otherwise; status 1'))
    .argument('<path>', 'ZIP archive or folder')
    .argument('[other]', 'ZIP archive or folder; left out: the namespace of the server')
    .action((path: string, other: string | undefined, options: ConnectionOptions) =>
      diff(streams, path, other, options),
    );
  return schema;
}
