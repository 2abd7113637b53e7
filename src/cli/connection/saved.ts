import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '../../base/index.js';
import { UsageError } from '../exit.js';

/** How to reach a server, kept under a name. Files are absolute paths. */
export interface SavedConnection {
  readonly url: string;
  readonly user?: string;
  readonly passwordFile?: string;
  /** A shell command whose first line of output is the secret. */
  readonly passwordCommand?: string;
  /** The secret itself: only where the user wanted it here. */
  readonly password?: string;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly noverify?: boolean;
  readonly authentication?: string;
  readonly namespace?: string;
  readonly timeout?: string;
}

/** All saved connections and which of them is used when no server is named. */
export interface SavedConnections {
  readonly default: string | null;
  readonly connections: Readonly<Record<string, SavedConnection>>;
}

const texts = [
  'user',
  'passwordFile',
  'passwordCommand',
  'password',
  'cacert',
  'cert',
  'key',
  'authentication',
  'namespace',
  'timeout',
] as const satisfies readonly (keyof SavedConnection)[];

/** `$XDG_CONFIG_HOME/tvdc/connections.json`, by default under `~/.config`. */
export function connectionsFile(): string {
  const folder = process.env['XDG_CONFIG_HOME'];
  return join(folder === undefined || folder === '' ? join(homedir(), '.config') : folder, 'tvdc', 'connections.json');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toConnection(file: string, name: string, value: unknown): SavedConnection {
  const wrong = (what: string): UsageError => new UsageError(`${file}: ${name} has no right ${what}`);
  if (!isRecord(value) || typeof value['url'] !== 'string') throw wrong('url');
  const out: Record<string, string> = {};
  for (const key of texts) {
    const text = value[key];
    if (text === undefined) continue;
    if (typeof text !== 'string') throw wrong(key);
    out[key] = text;
  }
  return { url: value['url'], ...out, ...(value['noverify'] === true ? { noverify: true } : {}) };
}

/** Others who may read the file could read secrets, who may write it could name a command. */
function checkMode(file: string): void {
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new UsageError(`${file} is open to others (mode ${mode.toString(8)}): chmod 600 it`);
  }
}

/** What is saved; nothing where there is no file. @throws UsageError a file that is open to others, or not ours */
export function readConnections(file: string = connectionsFile()): SavedConnections {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { default: null, connections: {} };
    throw new UsageError(`cannot read ${file}: ${messageOf(error)}`);
  }
  checkMode(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${file} is not JSON`);
  }
  if (!isRecord(value) || !isRecord(value['connections'])) throw new UsageError(`${file} holds no connections`);
  const named = Object.entries(value['connections']).map(([name, item]) => [name, toConnection(file, name, item)]);
  const preset = value['default'];
  return {
    default: typeof preset === 'string' ? preset : null,
    connections: Object.fromEntries(named) as Readonly<Record<string, SavedConnection>>,
  };
}

/** Replaces the file as a whole, for its owner alone. @throws UsageError */
export function writeConnections(saved: SavedConnections, file: string = connectionsFile()): void {
  const temporary = `${file}.${process.pid}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, `${JSON.stringify(saved, null, 2)}\n`, { mode: 0o600, flag: 'w' });
    chmodSync(temporary, 0o600);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new UsageError(`cannot write ${file}: ${messageOf(error)}`);
  }
}

/** @throws UsageError where there is none of that name */
export function savedConnection(saved: SavedConnections, name: string): SavedConnection {
  if (Object.hasOwn(saved.connections, name)) return saved.connections[name] as SavedConnection;
  const names = Object.keys(saved.connections);
  throw new UsageError(
    `no connection is saved as ${name}${names.length === 0 ? '' : `; there are ${names.sort().join(', ')}`}`,
  );
}
