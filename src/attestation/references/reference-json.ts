import { digestSizes, type HashAlgorithm } from '../../base/index.js';
import { ReferenceError } from './database.js';
import { type ReferenceEntry, referenceStatuses } from './entry.js';
import { checkEntry } from './rules.js';

/** Options that all imports share. */
export interface ImportOptions {
  /** What stands as `source` in the entries. */
  readonly source?: string;
  readonly package?: string;
  readonly version?: string;
}

const maxBytes = 256 << 20;

/** Fields of the options that an entry takes. */
export function importedFields(options: ImportOptions, source: string): Partial<ReferenceEntry> {
  return {
    source: options.source ?? source,
    ...(options.package === undefined ? {} : { package: options.package }),
    ...(options.version === undefined ? {} : { version: options.version }),
  };
}

/** Parses JSON of a bounded size into an object. @throws ReferenceError `bad_import` */
export function parseJsonObject(text: string): Readonly<Record<string, unknown>> {
  if (text.length > maxBytes) throw new ReferenceError('bad_import', 'file too large');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ReferenceError('bad_import', 'not JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ReferenceError('bad_import', 'expected a JSON object');
  }
  return value as Readonly<Record<string, unknown>>;
}

const lengths = new Map<number, HashAlgorithm>(
  Object.entries(digestSizes).map(([name, size]) => [size * 2, name as HashAlgorithm]),
);

/** Reads `algorithm:hex`, or plain hexadecimal whose length tells the algorithm. @throws ReferenceError `bad_import` */
export function parseDigest(text: unknown): { readonly algorithm: HashAlgorithm; readonly digest: string } {
  const match = typeof text === 'string' ? /^(?:([a-z0-9-]+):)?([0-9a-f]+)$/i.exec(text) : null;
  const hex = match?.[2]?.toLowerCase() ?? '';
  const algorithm = lengths.get(hex.length);
  if (algorithm === undefined || (match?.[1] !== undefined && match[1].toLowerCase() !== algorithm)) {
    throw new ReferenceError('bad_import', `digest ${JSON.stringify(text)?.slice(0, 140)}`);
  }
  return { algorithm, digest: hex };
}

/**
 * Reads `{ "/path": ["sha256:…", …], … }`.
 * @throws ReferenceError `bad_import`
 */
export function parseReferenceJson(text: string, options: ImportOptions = {}): ReferenceEntry[] {
  const fields = importedFields(options, 'json');
  return Object.entries(parseJsonObject(text)).flatMap(([path, digests]) => {
    if (!Array.isArray(digests)) throw new ReferenceError('bad_import', `expected digests for ${JSON.stringify(path)}`);
    return digests.map((digest) => ({ ...parseDigest(digest), path, status: 'good' as const, ...fields }));
  });
}

/** The form that `parseReferenceJson` reads; only good entries with a path have a place in it. */
export function formatReferenceJson(entries: readonly ReferenceEntry[]): string {
  const out = Object.create(null) as Record<string, string[]>;
  for (const { path, algorithm, digest, status } of entries) {
    if (path !== null && status === 'good') (out[path] ??= []).push(`${algorithm}:${digest}`);
  }
  return `${JSON.stringify(out, null, 1)}\n`;
}

const optionalTexts = ['package', 'version', 'source'] as const;
const optionalTimes = ['validFrom', 'validUntil'] as const;

/**
 * Reads one entry in the form that an export writes: the fields of ReferenceEntry, and no others.
 * @throws ReferenceError `bad_import`, `bad_entry`
 */
export function parseEntry(value: unknown): ReferenceEntry {
  const wrong = (what: string): ReferenceError => new ReferenceError('bad_import', `an entry with ${what}`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('another form');
  const { algorithm, digest, path, status, annotations, ...rest } = value as Readonly<Record<string, unknown>>;
  if (typeof algorithm !== 'string' || typeof digest !== 'string') throw wrong('no digest');
  if (path !== null && typeof path !== 'string') throw wrong('no path');
  const known = referenceStatuses.find((item) => item === status);
  if (known === undefined) throw wrong(`the status ${JSON.stringify(status)}`);
  for (const [name, fact] of Object.entries(rest)) {
    const fits = (optionalTexts as readonly string[]).includes(name)
      ? typeof fact === 'string'
      : (optionalTimes as readonly string[]).includes(name) && Number.isSafeInteger(fact);
    if (!fits) throw wrong(`${name} ${JSON.stringify(fact)}`);
  }
  const notes = annotations === undefined ? {} : annotations;
  if (typeof notes !== 'object' || notes === null || !Object.values(notes).every((note) => typeof note === 'string')) {
    throw wrong('annotations that are no texts');
  }
  return checkEntry({
    ...(rest as Partial<ReferenceEntry>),
    ...parseDigest(`${algorithm}:${digest}`),
    path,
    status: known,
    ...(annotations === undefined ? {} : { annotations: notes as Readonly<Record<string, string>> }),
  });
}
