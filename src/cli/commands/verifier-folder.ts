import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { defaultDataFolder } from '../../host/foundation/index.js';
import { environment } from '../connection/index.js';
import { readText } from '../files.js';

/** Where a verifier keeps bindings, verdicts, references and trust anchors unless told otherwise. */
export function verifierFolder(named: string | undefined): string {
  return named ?? environment('VERIFIER_DATA') ?? join(defaultDataFolder(), 'verifier');
}

/** Octets of one answer of a host that is challenged: a log of half a million entries fits, and what has no end does not. */
export const challenged = { maxAnswerBytes: 128 << 20 } as const;

export function withState(command: Command): Command {
  return command.option('--state <folder>', "the verifier's folder (TVDC_VERIFIER_DATA)");
}

/** The key that signs what this folder's verifier exports, where it has exported or served. */
export function signersIn(folder: string): readonly string[] {
  const file = join(folder, 'evidence.pem');
  return existsSync(file) ? [readText(file)] : [];
}
