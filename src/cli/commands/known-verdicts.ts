import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { TvdcError } from '../../base/index.js';
import type { ConnectionOptions } from '../connection/index.js';
import { recordOf, type VerdictRecord } from './verdict-record.js';
import { verifierFolder } from './verifier-folder.js';

/** Where verdicts are known: a verifier that serves, or the folder of the one on this machine. */
export interface VerdictSource extends ConnectionOptions {
  readonly state?: string;
  readonly verifier?: string;
  readonly verifierUser?: string;
  readonly verifierPasswordFile?: string;
  readonly verifierCacert?: string;
}

export function withVerdicts(command: Command): Command {
  return command
    .option('--state <folder>', "the verifier's folder on this machine (TVDC_VERIFIER_DATA)")
    .option('--verifier <url>', 'ask this verifier for verdicts')
    .option('--verifier-user <name>', 'account at the verifier (default admin, on the same machine)')
    .option('--verifier-password-file <file>', 'file with the secret of that account')
    .option('--verifier-cacert <file>', 'certificates that sign the verifier');
}

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
