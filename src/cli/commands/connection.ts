import { resolve } from 'node:path';
import { Command } from 'commander';
import {
  authenticationOption,
  connect,
  connectionsFile,
  namespaceOf,
  outputForm,
  readConnections,
  type SavedConnection,
  savedConnection,
  writeConnections,
} from '../connection/index.js';
import { UsageError } from '../exit.js';
import { readText } from '../files.js';
import { print, recordForms, type Streams, toJson, writeAnswer, writeRecords } from '../output/index.js';

interface OutputOptions {
  readonly output?: string;
}

interface SaveOptions extends OutputOptions, Omit<SavedConnection, 'password'> {
  readonly keepPassword?: boolean;
  readonly default?: boolean;
}

const examples = `
Examples:
  tvdc connection save east --url https://east:5989 --user operator --password-command 'pass show east' --default
  tvdc vm list --connection east
  TVDC_CONNECTION=east tvdc wbem ei CIM_ComputerSystem`;

function withOutput(command: Command): Command {
  return command.option('-o, --output <form>', `${recordForms.join(', ')} (TVDC_OUTPUT; default table)`);
}

/** Files are kept by their whole path: the command is used from other folders too. */
function toSaved(options: SaveOptions): SavedConnection {
  const { url, user, passwordFile, passwordCommand, cacert, cert, key, namespace, timeout } = options;
  if (!/^(https?:\/\/|unix:)./.test(url)) throw new UsageError(`--url takes http://, https:// or unix:, not "${url}"`);
  if (/^https?:\/\/[^/]*@/.test(url))
    throw new UsageError('--url may hold no password here: name it by file or command');
  if (passwordFile !== undefined && passwordCommand !== undefined) {
    throw new UsageError('--password-file and --password-command exclude each other');
  }
  if (options.keepPassword === true && passwordFile === undefined) {
    throw new UsageError('--keep-password takes the secret from --password-file');
  }
  if (timeout !== undefined && !(Number(timeout) >= 0))
    throw new UsageError(`--timeout takes seconds, not "${timeout}"`);
  const file = (name: 'cacert' | 'cert' | 'key', path: string | undefined): Partial<SavedConnection> =>
    path === undefined ? {} : { [name]: resolve(path) };
  const secret: Partial<SavedConnection> =
    passwordFile === undefined
      ? passwordCommand === undefined
        ? {}
        : { passwordCommand }
      : options.keepPassword === true
        ? { password: readText(passwordFile).trim() }
        : { passwordFile: resolve(passwordFile) };
  return {
    url,
    ...(user === undefined ? {} : { user }),
    ...secret,
    ...file('cacert', cacert),
    ...file('cert', cert),
    ...file('key', key),
    ...(options.noverify === true ? { noverify: true } : {}),
    ...(options.authentication === undefined ? {} : { authentication: options.authentication }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

async function save(streams: Streams, name: string, options: SaveOptions): Promise<void> {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) throw new UsageError(`a name has letters, digits, . _ and -, not "${name}"`);
  const saved = readConnections();
  const connections = { ...saved.connections, [name]: toSaved(options) };
  writeConnections({ default: options.default === true ? name : saved.default, connections });
  await writeAnswer(streams, outputForm(options), `${name} is saved in ${connectionsFile()}`, { name, saved: true });
}

async function list(streams: Streams, options: OutputOptions): Promise<void> {
  const saved = readConnections();
  const rows = Object.entries(saved.connections)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { url, user = null, namespace = null }]) => ({
      name,
      url,
      user,
      namespace,
      default: name === saved.default,
    }));
  await writeRecords(streams, outputForm(options), rows, [
    ['NAME', (row) => row.name],
    ['URL', (row) => row.url],
    ['USER', (row) => row.user ?? '-'],
    ['NAMESPACE', (row) => row.namespace ?? '-'],
    ['DEFAULT', (row) => (row.default ? 'yes' : '')],
  ]);
}

async function show(streams: Streams, name: string, options: OutputOptions): Promise<void> {
  const { password, ...shown } = savedConnection(readConnections(), name);
  const record = { name, ...shown, ...(password === undefined ? {} : { password: 'kept in the file, not shown' }) };
  const form = outputForm(options);
  if (form !== 'table') return print(streams, `${toJson(record, form === 'json' ? 2 : undefined)}\n`);
  return print(
    streams,
    Object.entries(record)
      .map(([key, value]) => `${key}: ${String(value)}\n`)
      .join(''),
  );
}

async function test(streams: Streams, name: string, options: OutputOptions): Promise<void> {
  const { url } = savedConnection(readConnections(), name);
  const namespace = namespaceOf({ connection: name });
  const client = await connect({ connection: name });
  const started = performance.now();
  await client.enumerateClassNames({ namespace });
  const milliseconds = Math.round(performance.now() - started);
  await writeAnswer(streams, outputForm(options), `${name}: ${url} answers for ${namespace} in ${milliseconds} ms`, {
    name,
    url,
    namespace,
    milliseconds,
  });
}

async function preset(streams: Streams, name: string | undefined, options: OutputOptions): Promise<void> {
  const saved = readConnections();
  if (name !== undefined) savedConnection(saved, name);
  writeConnections({ ...saved, default: name ?? null });
  const sentence = name === undefined ? 'no connection is the default' : `${name} is the default`;
  await writeAnswer(streams, outputForm(options), sentence, { default: name ?? null });
}

async function remove(streams: Streams, name: string, options: OutputOptions): Promise<void> {
  const saved = readConnections();
  savedConnection(saved, name);
  const connections = Object.fromEntries(Object.entries(saved.connections).filter(([other]) => other !== name));
  writeConnections({ default: saved.default === name ? null : saved.default, connections });
  await writeAnswer(streams, outputForm(options), `${name} is forgotten`, { name, deleted: true });
}

/** `tvdc connection`: how to reach servers, kept for this user. */
export function connectionCommand(streams: Streams): Command {
  const connection = new Command('connection').description('saved connections').addHelpText('after', examples);
  withOutput(connection.command('save').description('keep how to reach a server under a name'))
    .argument('<name>')
    .requiredOption('--url <url>', 'server: http://, https:// or unix:')
    .option('--user <name>', 'account')
    .option('--password-file <file>', 'file with the secret, read at each use')
    .option('--password-command <command>', 'shell command that prints the secret, run at each use')
    .option('--keep-password', 'keep the secret of --password-file itself, in plain text')
    .option('--cacert <file>', 'certificates that sign the server')
    .option('--cert <file>', 'client certificate')
    .option('--key <file>', 'key of the client certificate')
    .option('--noverify', 'do not check the certificate of the server')
    .addOption(authenticationOption())
    .option('--namespace <name>', 'namespace')
    .option('--timeout <seconds>', 'time for one operation')
    .option('--default', 'use it when no server is named')
    .action((name: string, options: SaveOptions) => save(streams, name, options));
  withOutput(connection.command('list').description('all of them')).action((options: OutputOptions) =>
    list(streams, options),
  );
  withOutput(connection.command('show').description('one of them, without its secret'))
    .argument('<name>')
    .action((name: string, options: OutputOptions) => show(streams, name, options));
  withOutput(connection.command('test').description('ask its server for the class names of its namespace'))
    .argument('<name>')
    .action((name: string, options: OutputOptions) => test(streams, name, options));
  withOutput(connection.command('default').description('use it when no server is named; without a name: none'))
    .argument('[name]')
    .action((name: string | undefined, options: OutputOptions) => preset(streams, name, options));
  withOutput(connection.command('delete').description('forget it'))
    .argument('<name>')
    .action((name: string, options: OutputOptions) => remove(streams, name, options));
  return connection;
}
