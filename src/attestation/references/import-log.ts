import { DecodeError, hashAlgorithms, type HashAlgorithm, toHex } from '../../base/index.js';
import { bootAggregateName, decodeImaFields, decodeImaLog } from '../../tpm/logs/index.js';
import { ReferenceError } from './database.js';
import type { ReferenceEntry } from './entry.js';
import { type ImportOptions, importedFields } from './reference-json.js';

/**
 * What a trusted run measured, as good entries; boot_aggregate and violations are left out, digests of unknown algorithms
 * too. The log is believed: take it only from an environment that is trusted, or after a verdict.
 * @throws ReferenceError `bad_import`
 */
export function entriesOfImaLog(log: Uint8Array, options: ImportOptions = {}): ReferenceEntry[] {
  const fields = importedFields(options, 'ima-log');
  const found = new Map<string, ReferenceEntry>();
  try {
    for (const entry of decodeImaLog(log)) {
      if (entry.violation) continue;
      const { digest, path } = decodeImaFields(entry);
      if (path === bootAggregateName || !(hashAlgorithms as readonly string[]).includes(digest.algorithm)) continue;
      const algorithm = digest.algorithm as HashAlgorithm;
      const made = { algorithm, digest: toHex(digest.value), path, status: 'good', ...fields } as const;
      found.set(`${made.digest} ${path}`, made);
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new ReferenceError('bad_import', error.message, { cause: error });
  }
  return [...found.values()];
}
