import { type Command, Option } from 'commander';
import { UsageError } from '../exit.js';
import { type OutputForm, recordForms } from '../output/index.js';

/** Options that every command that talks to a server has; the environment stands in for what is not given. */
export interface ConnectionOptions {
  /** Name of a saved connection. */
  readonly connection?: string;
  readonly url?: string;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly noverify?: boolean;
  readonly authentication?: string;
  readonly namespace?: string;
  readonly timeout?: string;
  readonly data?: string;
  /** File for a recording of what goes over the wire. */
  readonly har?: string;
  readonly output?: string;
}

export const defaultUrl = 'http://127.0.0.1:5988';

/** By which a user may forbid that the secret itself is sent, or make it so. */
export function authenticationOption(): Option {
  return new Option(
    '--authentication <way>',
    'how to log in (TVDC_AUTHENTICATION; default auto: as the server asks)',
  ).choices(['auto', 'basic', 'digest']);
}

/** Adds the connection options to a command. */
export function withConnection(command: Command, forms: readonly OutputForm[] = recordForms): Command {
  return command
    .option(
      '--url <url>',
      `server: http://, https:// or unix: (TVDC_URL; default: the host on this machine, else ${defaultUrl})`,
    )
    .option('--connection <name>', 'a saved connection (TVDC_CONNECTION; see tvdc connection)')
    .option('--user <name>', 'account (TVDC_USER; default admin, on the same machine)')
    .option('--password-file <file>', 'file with the secret of the account (TVDC_PASSWORD_FILE)')
    .option('--cacert <file>', 'certificates that sign the server (TVDC_CACERT)')
    .option('--cert <file>', 'client certificate (TVDC_CERT)')
    .option('--key <file>', 'key of the client certificate (TVDC_KEY)')
    .option('--noverify', 'do not check the certificate of the server')
    .addOption(authenticationOption())
    .option('--namespace <name>', 'namespace (TVDC_NAMESPACE)')
    .option('--timeout <seconds>', 'time for one operation, 0: no limit (TVDC_TIMEOUT; default 30)')
    .option('--data <folder>', 'data folder of the host on this machine (TVDC_DATA)')
    .option('--har <file>', 'record requests and answers there, as HTTP Archive 1.2 without secrets')
    .option('-o, --output <form>', `${forms.join(', ')} (TVDC_OUTPUT; default table)`);
}

/** A setting by environment, `TVDC_NAME`; an empty one is none. */
export function environment(name: string): string | undefined {
  const value = process.env[`TVDC_${name}`];
  return value === undefined || value === '' ? undefined : value;
}

/**
 * The form of output that was asked for. The environment's wish counts where the command has that form.
 * @throws UsageError
 */
export function outputForm(
  options: Pick<ConnectionOptions, 'output'>,
  forms: readonly OutputForm[] = recordForms,
): OutputForm {
  const named = options.output;
  const form = forms.find((item) => item === (named ?? environment('OUTPUT')));
  if (form !== undefined) return form;
  if (named !== undefined) throw new UsageError(`-o takes ${forms.join(', ')} here, not "${named}"`);
  return forms[0] ?? 'table';
}
