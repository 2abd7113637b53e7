import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultDataFolder, readSecret, secretFile } from '../../host/foundation/index.js';
import { UsageError } from '../exit.js';
import { readText } from '../files.js';
import { isLocal } from './local.js';
import { type ConnectionOptions, environment } from './options.js';

export interface Login {
  readonly user?: string;
  readonly password?: string;
}

const administrator = 'admin';

/** Credentials inside a URL, as wbemcli takes them: neither percent-decoded nor sent on as part of the URL. */
export function splitCredentials(text: string): { readonly url: string; readonly login: Login | null } {
  const found = /^(https?:\/\/)([^:@/]+):([^@/]*)@(.+)$/.exec(text);
  if (found === null) return { url: text, login: null };
  const [, scheme = '', user = '', password = '', rest = ''] = found;
  return { url: scheme + rest, login: { user, password } };
}

/**
 * Who logs in: named by options, or the administrator of the host on this machine. The secret of this machine is shown to
 * nobody else.
 * @throws UsageError
 */
export function loginOf(options: ConnectionOptions, url: string): Login {
  if (url.startsWith('unix:')) return {};
  const user = options.user ?? environment('USER');
  const file = options.passwordFile ?? environment('PASSWORD_FILE');
  if (file !== undefined) return { user: user ?? administrator, password: readText(file).trim() };
  const secret = isLocal(url)
    ? readSecret(secretFile(options.data ?? defaultDataFolder(), user ?? administrator))
    : null;
  if (secret !== null) return { user: user ?? administrator, password: secret };
  if (user === undefined) return {};
  throw new UsageError(`no secret for ${user}: name its file with --password-file`);
}

/** The certificate that the host on this machine made for itself; undefined for other servers. */
export function ownCertificate(options: ConnectionOptions, url: string): Buffer | undefined {
  if (!url.startsWith('https:') || !isLocal(url)) return undefined;
  const file = join(options.data ?? defaultDataFolder(), 'server.pem');
  return existsSync(file) ? readFileSync(file) : undefined;
}
