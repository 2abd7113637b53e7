import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigurationError, describeIssues, type Log, messageOf } from '../../base/index.js';
import {
  createProviderProcess,
  type IndicationPorts,
  processOperations,
  type ProcessPlace,
  type ProviderProcess,
  type RaisedClass,
  type ServedClass,
} from '../../cimom/process-providers/index.js';

const text = z.string().min(1);
const size = z.int().min(1);
const description = z.strictObject({
  name: text.optional(),
  command: z.tuple([text], z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  socket: text.optional(),
  mof: z.array(text).default([]),
  classes: z
    .array(
      z.strictObject({
        class: text,
        namespaces: z.array(text).min(1),
        operations: z.array(z.enum(processOperations)).default([]),
        methods: z.array(text).default([]),
      }),
    )
    .default([]),
  indications: z.array(z.strictObject({ class: text, namespaces: z.array(text).min(1) })).default([]),
  limits: z
    .strictObject({
      messageBytes: size.optional(),
      answerTime: size.optional(),
      methodTime: size.optional(),
      longestRestart: size.optional(),
      indicationsPerSecond: size.optional(),
    })
    .optional(),
});

/** A provider in a process of its own, as its file describes it (docs/providers.md). */
export interface ProviderFile {
  readonly name: string;
  /** Of the description: names in it are relative to it. */
  readonly folder: string;
  /** Files with the classes. */
  readonly mof: readonly string[];
  readonly classes: readonly ServedClass[];
  readonly indications: readonly RaisedClass[];
  createProcess(log: Log, ports: Omit<IndicationPorts, 'classes'>): ProviderProcess;
}

function placeOf(read: z.infer<typeof description>, folder: string): ProcessPlace | null {
  if ((read.command === undefined) === (read.socket === undefined)) return null;
  if (read.socket !== undefined) return { kind: 'socket', path: resolve(folder, read.socket) };
  const command = read.command as [string, ...string[]];
  return { kind: 'command', command, folder, environment: read.environment ?? {} };
}

/** @throws ConfigurationError `bad_provider` */
export function readProviderFile(path: string): ProviderFile {
  const fail = (why: string, cause?: unknown): ConfigurationError =>
    new ConfigurationError('bad_provider', `the provider file ${path} cannot be used: ${why}`, { cause });
  let read: z.infer<typeof description>;
  try {
    read = description.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? describeIssues(error.issues) : messageOf(error);
    throw fail(why, error);
  }
  const folder = dirname(resolve(path));
  const place = placeOf(read, folder);
  if (place === null) throw fail('it must have either a command or a socket');
  const name = read.name ?? basename(path, '.json');
  const classes = read.classes.map(({ class: className, ...rest }): ServedClass => ({ className, ...rest }));
  const indications = read.indications.map(
    ({ class: className, namespaces }): RaisedClass => ({ className, namespaces }),
  );
  if (classes.length + indications.length === 0) throw fail('it names neither classes nor indications');
  const limits = Object.fromEntries(Object.entries(read.limits ?? {}).filter(([, value]) => value !== undefined));
  return {
    name,
    folder,
    mof: read.mof,
    classes,
    indications,
    createProcess: (log, ports) =>
      createProviderProcess({
        name,
        place,
        classes,
        limits,
        log,
        ...(indications.length === 0 ? {} : { indications: { ...ports, classes: indications } }),
      }),
  };
}
