import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defaultDataFolder, readSecret, secretFile } from '../../host/foundation/index.js';
import { UsageError } from '../exit.js';
import { readText } from '../files.js';
import { isLocal } from './local.js';
import type { ConnectionOptions } from './options.js';
import type { Settings } from './settings.js';

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

/** First line that a shell command prints. @throws UsageError where it fails or says nothing */
function secretBy(command: string): string {
  const done = spawnSync('/bin/sh', ['-c', command], {
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'inherit'],
    timeout: 60_000,
    maxBuffer: 64 * 1024,
  });
  const [secret = ''] = (done.stdout ?? '').split('\n');
  if (done.status !== 0 || secret === '') throw new UsageError('the command for the secret failed or printed nothing');
  return secret;
}

/**
 * Who logs in: named by options or a saved connection, or the administrator of the host on this machine. The secret of this
 * machine is shown to nobody else.
 * @param data folder of the host on this machine
 * @throws UsageError
 */
export function loginOf(settings: Settings, data: string | undefined, url: string): Login {
  if (url.startsWith('unix:')) return {};
  const { user, passwordFile, password, passwordCommand } = settings;
  if (passwordFile !== undefined) return { user: user ?? administrator, password: readText(passwordFile).trim() };
  if (password !== undefined) return { user: user ?? administrator, password };
  if (passwordCommand !== undefined) return { user: user ?? administrator, password: secretBy(passwordCommand) };
  const secret = isLocal(url) ? readSecret(secretFile(data ?? defaultDataFolder(), user ?? administrator)) : null;
  if (secret !== null) return { user: user ?? administrator, password: secret };
  if (user === undefined) return {};
  throw new UsageError(`no secret for ${user}: name its file with --password-file`);
}

/**
 * The administrator's socket of the host on this machine, where that has a folder: its file mode is the proof, so that the
 * secret is not shown to whoever listens on the usual port while the host does not.
 * @returns undefined where there is no such folder, or another account is meant
 */
export function ownSocket(settings: Settings, data: string | undefined): string | undefined {
  const { named, user, passwordFile, password, passwordCommand } = settings;
  const isOther = [user, passwordFile, password, passwordCommand].some((one) => one !== undefined);
  const folder = resolve(data ?? defaultDataFolder());
  const socket = join(folder, 'admin.sock');
  if (named || isOther || !(existsSync(socket) || existsSync(secretFile(folder, administrator)))) return undefined;
  return `unix:${socket}`;
}

/** The certificate that the host on this machine made for itself; undefined for other servers. */
export function ownCertificate(options: ConnectionOptions, url: string): Buffer | undefined {
  if (!url.startsWith('https:') || !isLocal(url)) return undefined;
  const file = join(options.data ?? defaultDataFolder(), 'server.pem');
  return existsSync(file) ? readFileSync(file) : undefined;
}
