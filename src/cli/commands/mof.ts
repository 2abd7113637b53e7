import { Command } from 'commander';
import {
  type CimClass,
  compileMof,
  foldName,
  type MofCompilation,
  writeMof,
  writeTypeScriptTypes,
} from '../../cim/index.js';
import { type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { print, type Streams, toJson } from '../output/index.js';
import {
  compileFiles,
  countsOf,
  fileLoader,
  type MofOptions,
  standardQualifiers,
  standardQualifierTypes,
  tellDiagnostics,
} from './mof-files.js';
import { loadOnServer } from './mof-load.js';

const include = [
  '-I, --include <folder>',
  'where included files and missing classes are looked for; more than once for more',
  (folder: string, before: readonly string[] = []): readonly string[] => [...before, folder],
] as const;

/** What stands before the first `#pragma namespace` goes into a namespace without a name. */
function compileLocally(streams: Streams, files: readonly string[], options: MofOptions): MofCompilation {
  const existing = standardQualifierTypes();
  const loader = fileLoader(options.include ?? []);
  return compileFiles(streams, loader, files, { namespace: '', existing: () => existing });
}

async function format(streams: Streams, files: string[], options: MofOptions): Promise<void> {
  const parts = compileLocally(streams, files, options).namespaces.map((unit) => {
    const text = writeMof(unit);
    return unit.name === '' ? text : `#pragma namespace ("${unit.name}")\n\n${text}`;
  });
  await print(streams, parts.filter((text) => text !== '').join('\n'));
}

/** One text for the classes of all namespaces: of several of one name the first. */
async function types(streams: Streams, files: string[], options: MofOptions): Promise<void> {
  const classes = new Map<string, CimClass>();
  for (const unit of compileLocally(streams, files, options).namespaces) {
    for (const cls of unit.classes) {
      const folded = foldName(cls.name);
      if (!classes.has(folded)) classes.set(folded, unit.schema.get(cls.name) ?? cls);
    }
  }
  await print(streams, writeTypeScriptTypes([...classes.values()]));
}

async function check(
  streams: Streams,
  files: string[],
  options: MofOptions & { readonly output?: string },
): Promise<void> {
  const form = outputForm(options, ['table', 'json']);
  const existing = standardQualifierTypes();
  const compiled = compileMof(fileLoader(options.include ?? []), files, { existing: () => existing });
  const { classes, instances } = countsOf(compiled);
  const { errors, warnings } = compiled;
  const valid = errors.length === 0;
  if (form === 'json') {
    await print(streams, `${toJson({ valid, classes, instances, errors, warnings }, 2)}\n`);
  } else {
    tellDiagnostics(streams, [...errors, ...warnings]);
    if (valid) await print(streams, `${classes} classes and ${instances} instances, no errors\n`);
  }
  if (!valid) throw new Exit(exitStatus.no);
}

interface CompileOptions extends ConnectionOptions, MofOptions {
  readonly mode: string;
}

async function compile(streams: Streams, files: string[], options: CompileOptions): Promise<void> {
  const { mode } = options;
  if (mode !== 'check' && mode !== 'load' && mode !== 'remove') {
    throw new UsageError(`--mode takes check, load or remove, not "${mode}"`);
  }
  await loadOnServer(streams, options, {
    loader: fileLoader(options.include ?? []),
    files,
    mode: mode === 'remove' ? 'remove' : 'load',
    checkOnly: mode === 'check',
    qualifiers: standardQualifiers(),
  });
}

export function mofCommand(streams: Streams): Command {
  const mof = new Command('mof').description('MOF files (DSP0004)');
  mof
    .command('check')
    .argument('<files...>')
    .option(...include)
    .option('-o, --output <form>', 'table or json (default table)')
    .description('compile without loading; errors with file, line, column; status 1 with errors')
    .action((files: string[], options: MofOptions) => check(streams, files, options));
  withConnection(mof.command('compile').description('compile into a namespace of a server, or out of it'))
    .argument('<files...>')
    .option(...include)
    .option('--mode <mode>', 'load, check (against the server, without loading) or remove', 'load')
    .addHelpText('after', '\nExample: tvdc mof compile acme.mof --url https://host:5989 --namespace root/cimv2')
    .action((files: string[], options: CompileOptions) => compile(streams, files, options));
  mof
    .command('format')
    .argument('<files...>')
    .option(...include)
    .description('write MOF anew: stable, at most 80 columns')
    .action((files: string[], options: MofOptions) => format(streams, files, options));
  mof
    .command('types')
    .argument('<files...>')
    .option(...include)
    .description('TypeScript types of the classes, for typedClient')
    .action((files: string[], options: MofOptions) => types(streams, files, options));
  return mof;
}
