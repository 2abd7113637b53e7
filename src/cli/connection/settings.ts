import { UsageError } from '../exit.js';
import { type ConnectionOptions, defaultUrl, environment } from './options.js';
import { readConnections, type SavedConnection, savedConnection } from './saved.js';

/** What counts for one command, wherever it was said. */
export interface Settings extends Omit<SavedConnection, 'namespace' | 'timeout'> {
  readonly namespace: string;
  readonly timeout: string;
  /** Name of the saved connection; null: none is used. */
  readonly saved: string | null;
  /** Whether anything named the server; `url` is the usual one if not. */
  readonly named: boolean;
}

/** The saved connection for these options; the one for all occasions only where nothing else names a server. */
function savedFor(options: ConnectionOptions): readonly [string, SavedConnection] | null {
  if (options.url !== undefined) {
    if (options.connection === undefined) return null;
    throw new UsageError('a server is named twice: by --connection, and by --url or the object path');
  }
  const named = options.connection ?? environment('CONNECTION');
  if (named === undefined && environment('URL') !== undefined) return null;
  const all = readConnections();
  const name = named ?? all.default;
  return name === null ? null : [name, savedConnection(all, name)];
}

function fromEnvironment(): Partial<SavedConnection> {
  const out: Record<string, string> = {};
  for (const [key, name] of [
    ['url', 'URL'],
    ['user', 'USER'],
    ['passwordFile', 'PASSWORD_FILE'],
    ['cacert', 'CACERT'],
    ['cert', 'CERT'],
    ['key', 'KEY'],
    ['authentication', 'AUTHENTICATION'],
  ] as const) {
    const value = environment(name);
    if (value !== undefined) out[key] = value;
  }
  return out;
}

const own = ['url', 'user', 'passwordFile', 'cacert', 'cert', 'key', 'authentication'] as const;

/**
 * Options first, then the saved connection, else the environment: secrets that the environment names are never shown to a
 * saved server.
 * @throws UsageError
 */
export function settingsOf(options: ConnectionOptions): Settings {
  const found = savedFor(options);
  const base = found === null ? fromEnvironment() : found[1];
  const given: Record<string, string> = {};
  for (const key of own) {
    const value = options[key];
    if (value !== undefined) given[key] = value;
  }
  const { password, passwordCommand, ...rest } = base;
  // Another account or file is another secret.
  const secret =
    options.user !== undefined || options.passwordFile !== undefined
      ? {}
      : {
          ...(password === undefined ? {} : { password }),
          ...(passwordCommand === undefined ? {} : { passwordCommand }),
        };
  return {
    ...rest,
    ...secret,
    url: defaultUrl,
    ...(base.url === undefined ? {} : { url: base.url }),
    ...given,
    ...(options.noverify === true ? { noverify: true } : {}),
    namespace: options.namespace ?? base.namespace ?? environment('NAMESPACE') ?? 'root/tvdc',
    timeout: options.timeout ?? base.timeout ?? environment('TIMEOUT') ?? '30',
    saved: found?.[0] ?? null,
    named: base.url !== undefined || options.url !== undefined,
  };
}

/** Whether anything names a server: an option, the environment or a saved connection. @throws UsageError */
export function namesServer(options: ConnectionOptions): boolean {
  return options.url !== undefined || environment('URL') !== undefined || savedFor(options) !== null;
}
