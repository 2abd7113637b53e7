import { ReferenceError } from './database.js';
import type { ReferenceEntry } from './entry.js';
import {
  type ImportOptions,
  importedFields,
  parseDigest,
  parseJsonObject,
  parseReferenceJson,
} from './reference-json.js';

/** What a reference file brings: measurements, and the exclude patterns of those forms that have them. */
export interface ReferenceFile {
  readonly entries: readonly ReferenceEntry[];
  /** Patterns over whole paths. */
  readonly exclude: readonly string[];
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

/**
 * Reads digests and excludes of a keylime runtime policy (version 1).
 * @throws ReferenceError `bad_import`
 */
export function parseRuntimePolicy(text: string, options: ImportOptions = {}): ReferenceFile {
  const policy = parseJsonObject(text);
  if (!isRuntimePolicy(policy)) throw new ReferenceError('bad_import', 'not a runtime policy');
  const fields = importedFields(options, 'runtime-policy');
  const entries: ReferenceEntry[] = [];
  for (const [path, digests] of Object.entries(policy['digests'] as Readonly<Record<string, unknown>>)) {
    if (!Array.isArray(digests)) throw new ReferenceError('bad_import', `expected digests for ${JSON.stringify(path)}`);
    for (const digest of digests) entries.push({ ...parseDigest(digest), path, status: 'good', ...fields });
  }
  const excludes: unknown = policy['excludes'] ?? [];
  if (!Array.isArray(excludes) || !excludes.every((pattern): pattern is string => typeof pattern === 'string')) {
    throw new ReferenceError('bad_import', 'expected excludes as texts');
  }
  return { entries, exclude: excludes.map(wholePath) };
}

/** Reads either form of reference file. @throws ReferenceError `bad_import` */
export function parseReferenceFile(text: string, options: ImportOptions = {}): ReferenceFile {
  if (isRuntimePolicy(parseJsonObject(text))) return parseRuntimePolicy(text, options);
  return { entries: parseReferenceJson(text, options), exclude: [] };
}
