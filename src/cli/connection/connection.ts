import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { messageOf } from '../../base/index.js';
import { createHttpTransport, WbemClient } from '../../client/index.js';
import { ManagedHost } from '../../client/management/index.js';
import { defaultDataFolder, readSecret, secretFile } from '../../host/foundation/index.js';
import { UsageError } from '../exit.js';
import { type OutputForm, outputForms } from '../output/index.js';

/** Options that every command that talks to a server has; the environment stands in for what is not given. */
export interface ConnectionOptions {
  readonly url?: string;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly noverify?: boolean;
  readonly namespace?: string;
  readonly timeout?: string;
  readonly data?: string;
  readonly output?: string;
}

const defaultUrl = 'http://127.0.0.1:5988';

/** Adds the connection options to a command. */
export function withConnection(command: Command): Command {
  return command
    .option('--url <url>', `server: http://, https:// or unix: (TVDC_URL; default ${defaultUrl})`)
    .option('--user <name>', 'account (TVDC_USER; default admin, on the same machine)')
    .option('--password-file <file>', 'file with the secret of the account (TVDC_PASSWORD_FILE)')
    .option('--cacert <file>', 'certificates that sign the server (TVDC_CACERT)')
    .option('--cert <file>', 'client certificate (TVDC_CERT)')
    .option('--key <file>', 'key of the client certificate (TVDC_KEY)')
    .option('--noverify', 'do not check the certificate of the server')
    .option('--namespace <name>', 'namespace (TVDC_NAMESPACE)')
    .option('--timeout <seconds>', 'time for one operation (TVDC_TIMEOUT; default 30)')
    .option('--data <folder>', 'data folder of the host on this machine (TVDC_DATA)')
    .option('-o, --output <form>', `${outputForms.join(', ')} (TVDC_OUTPUT; default table)`);
}

function read(file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${messageOf(error)}`);
  }
}

function environment(name: string): string | undefined {
  const value = process.env[`TVDC_${name}`];
  return value === undefined || value === '' ? undefined : value;
}

/** The form of output that was asked for. @throws UsageError */
export function outputForm(options: ConnectionOptions): OutputForm {
  const text = options.output ?? environment('OUTPUT') ?? 'table';
  const form = outputForms.find((item) => item === text);
  if (form === undefined) throw new UsageError(`-o takes ${outputForms.join(', ')}, not "${text}"`);
  return form;
}

interface Login {
  readonly user?: string;
  readonly password?: string;
}

/** Who logs in: named by options, by the URL, or the administrator of the host on this machine. */
function loginOf(options: ConnectionOptions, url: string): Login {
  if (url.startsWith('unix:')) return {};
  const user = options.user ?? environment('USER');
  const file = options.passwordFile ?? environment('PASSWORD_FILE');
  if (file !== undefined) return { user: user ?? 'admin', password: (read(file) ?? Buffer.alloc(0)).toString('utf8').trim() };
  const secret = readSecret(secretFile(options.data ?? defaultDataFolder(), user ?? 'admin'));
  if (secret === null) {
    if (user === undefined) return {};
    throw new UsageError(`no secret for ${user}: name its file with --password-file`);
  }
  return { user: user ?? 'admin', password: secret };
}

/** A client for the server that the options name. @throws UsageError */
export function connect(options: ConnectionOptions): WbemClient {
  const named = options.url ?? environment('URL') ?? defaultUrl;
  const credentials = /^(https?:\/\/)([^:@/]+):([^@/]*)@(.+)$/.exec(named);
  const url = credentials === null ? named : `${credentials[1]}${credentials[4]}`;
  const login = credentials === null ? loginOf(options, url) : { user: credentials[2] as string, password: credentials[3] as string };
  const seconds = Number(options.timeout ?? environment('TIMEOUT') ?? 30);
  if (!(seconds >= 0)) throw new UsageError('--timeout takes seconds');
  const ca = read(options.cacert ?? environment('CACERT'));
  const cert = read(options.cert ?? environment('CERT'));
  const key = read(options.key ?? environment('KEY'));
  const transport = createHttpTransport({
    url,
    ...login,
    timeout: seconds * 1000,
    tls: {
      verify: options.noverify !== true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  });
  return new WbemClient(transport, { namespace: options.namespace ?? environment('NAMESPACE') ?? 'root/tvdc' });
}

/** The host that the options name, for the noun commands. */
export function connectHost(options: ConnectionOptions): ManagedHost {
  return new ManagedHost(connect(options), options.namespace ?? environment('NAMESPACE') ?? 'root/tvdc');
}
