import { createPrivateKey } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { exportSet, formatReferenceJson, type ReferenceDatabase, signBundle } from '../../attestation/index.js';
import { messageOf } from '../../base/index.js';
import { UsageError } from '../exit.js';
import { readText, writeBytes } from '../files.js';
import { print, type Streams, toJson } from '../output/index.js';

export interface ExportOptions {
  readonly data?: string;
  readonly form: string;
  readonly key?: string;
  readonly version?: string;
  readonly to: string;
}

/** One entry a line, written as they are read: a set may be larger than memory. */
async function exportLines(streams: Streams, references: ReferenceDatabase, set: string, to: string): Promise<void> {
  let file: number | null;
  try {
    file = to === '-' ? null : openSync(to, 'w');
  } catch (error) {
    throw new UsageError(`cannot write ${to}: ${messageOf(error)}`);
  }
  try {
    for await (const batch of references.list(set)) {
      const text = batch.map((entry) => `${toJson(entry)}\n`).join('');
      if (file === null) await print(streams, text);
      else writeSync(file, text);
    }
  } finally {
    if (file !== null) closeSync(file);
  }
}

function versionOf(text: string): number {
  const version = Number(text);
  if (!Number.isSafeInteger(version) || version < 0) throw new UsageError(`--version takes a number, not "${text}"`);
  return version;
}

/** Writes a set as JSON, as lines or as a signed bundle. */
export async function exportEntries(
  streams: Streams,
  references: ReferenceDatabase,
  set: string,
  options: ExportOptions,
): Promise<void> {
  const write = (text: string): Promise<void> =>
    options.to === '-' ? print(streams, text) : Promise.resolve(writeBytes(options.to, text));
  switch (options.form) {
    case 'json':
      await write(formatReferenceJson(await exportSet(references, set)));
      return;
    case 'entries':
      await exportLines(streams, references, set, options.to);
      return;
    case 'bundle': {
      if (options.key === undefined) throw new UsageError('a bundle is signed: name the private key with --key');
      const revision = (await references.sets()).find(({ name }) => name === set)?.revision ?? 1;
      const version = options.version === undefined ? revision : versionOf(options.version);
      const bundle = { name: set, version, created: Date.now(), entries: await exportSet(references, set) };
      await write(signBundle(bundle, createPrivateKey(readText(options.key))));
      return;
    }
    default:
      throw new UsageError(`--form takes json, entries or bundle, not "${options.form}"`);
  }
}
