import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { compileMof, formatDiagnostic, type MofCompilation, type MofSource, type SourceLoader, writeMof, writeTypeScriptTypes } from '../../cim/index.js';
import { Exit, exitStatus } from '../exit.js';
import { processStreams } from '../output/index.js';

interface Options {
  readonly include?: readonly string[];
}

function tryRead(path: string): MofSource | null {
  try {
    return { name: path, text: readFileSync(path, 'utf8') };
  } catch {
    return null;
  }
}

/** Files of this machine: relative to the file that includes them, then on the search path. */
function fileLoader(searchPath: readonly string[]): SourceLoader {
  const search = (name: string): MofSource | null => {
    for (const folder of searchPath) {
      const found = tryRead(resolve(folder, name));
      if (found !== null) return found;
    }
    return null;
  };
  return {
    load: (name, from) => tryRead(from === null ? resolve(name) : resolve(dirname(from.name), name)) ?? search(name),
    findClass: (className) => search(`${className}.mof`),
  };
}

/** Compiles and tells what is wrong. @throws Exit 1 with errors */
function compile(files: readonly string[], options: Options): MofCompilation {
  const compiled = compileMof(fileLoader(options.include ?? []), files);
  for (const diagnostic of [...compiled.errors, ...compiled.warnings]) processStreams.notes.write(`${formatDiagnostic(diagnostic)}\n`);
  if (compiled.errors.length > 0) throw new Exit(exitStatus.no);
  return compiled;
}

export function mofCommand(): Command {
  const mof = new Command('mof').description('MOF files (DSP0004)');
  const include = ['-I, --include <folder...>', 'where included files and missing classes are looked for'] as const;
  mof
    .command('check')
    .argument('<files...>')
    .option(...include)
    .description('compile without loading; errors with file, line, column')
    .action((files: string[], options: Options) => {
      const compiled = compile(files, options);
      const classes = compiled.namespaces.reduce((sum, unit) => sum + unit.classes.length, 0);
      const instances = compiled.namespaces.reduce((sum, unit) => sum + unit.instances.length, 0);
      processStreams.out.write(`${classes} classes and ${instances} instances, no errors\n`);
    });
  mof
    .command('format')
    .argument('<files...>')
    .option(...include)
    .description('write MOF anew: stable, at most 80 columns')
    .action((files: string[], options: Options) => {
      for (const unit of compile(files, options).namespaces) processStreams.out.write(writeMof(unit));
    });
  mof
    .command('types')
    .argument('<files...>')
    .option(...include)
    .description('TypeScript types of the classes')
    .action((files: string[], options: Options) => {
      for (const unit of compile(files, options).namespaces) processStreams.out.write(writeTypeScriptTypes(unit.classes));
    });
  return mof;
}
