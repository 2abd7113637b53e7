import { createPublicKey } from 'node:crypto';
import { messageOf } from '../../base/index.js';
import { ReferenceError } from './database.js';
import type { ReferenceEntry } from './entry.js';
import {
  type ImportOptions,
  importedFields,
  parseDigest,
  parseJsonObject,
  parseReferenceJson,
} from './reference-json.js';

/** What a reference file brings: measurements, and what those forms that have more say of it. */
export interface ReferenceFile {
  readonly entries: readonly ReferenceEntry[];
  /** Patterns over whole paths. */
  readonly exclude: readonly string[];
  /** Measured buffers and keys of key rings, as AppraisalPolicy has them. */
  readonly buffers: readonly { readonly name: string; readonly digests: readonly string[] }[];
  /** PEM public keys whose file signatures are believed. */
  readonly keys: readonly string[];
}

/** Whether JSON looks like a keylime runtime policy. */
function isRuntimePolicy(value: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof value['digests'] === 'object' && !Array.isArray(value['digests']) && ('meta' in value || 'excludes' in value)
  );
}

/** Such a policy anchors its excludes at the begin of a path only. */
function wholePath(pattern: string): string {
  return /(^|[^\\])(\\\\)*\$$/.test(pattern) ? pattern : `(?:${pattern}).*`;
}

type JsonObject = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list of texts; none where it is not there. @throws ReferenceError `bad_import` */
function texts(value: unknown, what: string): readonly string[] {
  const list: unknown = value ?? [];
  if (Array.isArray(list) && list.every((item): item is string => typeof item === 'string')) return list;
  throw new ReferenceError('bad_import', `expected ${what} as texts`);
}

/** `{ "name": ["digest", …] }` @throws ReferenceError `bad_import` */
function buffersOf(value: unknown, what: string): ReferenceFile['buffers'] {
  const named: unknown = value ?? {};
  if (!isObject(named)) throw new ReferenceError('bad_import', `expected ${what} as an object`);
  return Object.entries(named).map(([name, digests]) => ({
    name,
    digests: texts(digests, `digests for ${JSON.stringify(name)}`).map((text) => {
      const { algorithm, digest } = parseDigest(text);
      return `${algorithm}:${digest}`;
    }),
  }));
}

/** Keys in `{ "pubkeys": [DER in base64] }`, which may stand as a text. @throws ReferenceError `bad_import` */
function keysOf(value: unknown): readonly string[] {
  if (value === undefined || value === null || value === '') return [];
  const keys = typeof value === 'string' ? parseJsonObject(value) : value;
  if (!isObject(keys)) throw new ReferenceError('bad_import', 'expected verification keys as an object');
  return texts(keys['pubkeys'], 'verification keys').map((text, at) => {
    try {
      const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
      return key.export({ type: 'spki', format: 'pem' }) as string;
    } catch (error) {
      throw new ReferenceError('bad_import', `verification key ${at}: ${messageOf(error)}`, { cause: error });
    }
  });
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** Key rings of which nothing is looked at, as patterns; all of them cannot be said so, and are looked at. */
function ignoredOf(value: unknown): readonly string[] {
  const ima: unknown = value ?? {};
  if (!isObject(ima)) throw new ReferenceError('bad_import', 'expected "ima" as an object');
  return texts(ima['ignored_keyrings'], 'ignored key rings')
    .filter((name) => name !== '*')
    .map(escaped);
}

/**
 * Reads a keylime runtime policy (version 1): digests, excludes, measured buffers and keys. Its rules for the device mapper
 * are not known here: what they speak of is judged as any buffer.
 * @throws ReferenceError `bad_import`
 */
export function parseRuntimePolicy(text: string, options: ImportOptions = {}): ReferenceFile {
  const policy = parseJsonObject(text);
  if (!isRuntimePolicy(policy)) throw new ReferenceError('bad_import', 'not a runtime policy');
  const fields = importedFields(options, 'runtime-policy');
  const entries: ReferenceEntry[] = [];
  for (const [path, digests] of Object.entries(policy['digests'] as Readonly<Record<string, unknown>>)) {
    for (const digest of texts(digests, `digests for ${JSON.stringify(path)}`))
      entries.push({ ...parseDigest(digest), path, status: 'good', ...fields });
  }
  return {
    entries,
    exclude: [...texts(policy['excludes'], 'excludes').map(wholePath), ...ignoredOf(policy['ima'])],
    buffers: [...buffersOf(policy['ima-buf'], 'buffers'), ...buffersOf(policy['keyrings'], 'key rings')],
    keys: keysOf(policy['verification-keys']),
  };
}

/** Reads either form of reference file. @throws ReferenceError `bad_import` */
export function parseReferenceFile(text: string, options: ImportOptions = {}): ReferenceFile {
  if (isRuntimePolicy(parseJsonObject(text))) return parseRuntimePolicy(text, options);
  return { entries: parseReferenceJson(text, options), exclude: [], buffers: [], keys: [] };
}
