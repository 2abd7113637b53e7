import type { Command } from 'commander';
import type { ConnectionOptions } from '../connection/index.js';

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
