import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TvdcError } from '../../base/index.js';
import { recordOf, type VerdictRecord } from './verdict-record.js';
import type { VerdictSource } from './verdict-source.js';
import { verifierFolder } from './verifier-folder.js';

type Verdicts = ReadonlyMap<string, VerdictRecord>;

function newest(records: readonly VerdictRecord[]): Verdicts {
  const out = new Map<string, VerdictRecord>();
  for (const record of records) {
    const system = record.system.toLowerCase();
    const before = out.get(system);
    if (before === undefined || before.issued < record.issued) out.set(system, record);
  }
  return out;
}

/** Verdicts in a folder; none where there is none, or where another process has it. */
async function verdictsIn(folder: string): Promise<Verdicts> {
  if (!existsSync(join(folder, 'references.db'))) return new Map();
  const { openLocalVerifier } = await import('../../host/verifier/index.js');
  try {
    const local = openLocalVerifier(folder);
    try {
      const { verifier, rounds } = local;
      return newest(
        verifier.subjects().flatMap((subject) => {
          const { verdict, lastTrusted } = verifier.status(subject);
          return verdict === null ? [] : [recordOf(rounds.nameOf(subject), verdict, lastTrusted)];
        }),
      );
    } finally {
      await local.close();
    }
  } catch (error) {
    if (error instanceof TvdcError && error.code === 'store_locked') return new Map();
    throw error;
  }
}

/** The last verdict of each system, by UUID in lower case; nothing is judged for it. @throws CimError of the verifier asked */
export async function lastVerdicts(options: VerdictSource): Promise<Verdicts> {
  if (options.verifier === undefined) return verdictsIn(verifierFolder(options.state));
  const { verdictsThrough } = await import('./attest-through.js');
  return newest(await verdictsThrough(options));
}
