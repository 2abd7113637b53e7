import { Command } from 'commander';
import { formatObjectPath } from '../../cim/index.js';
import type { WbemClient, WbemServerView } from '../../client/index.js';
import { connect, type ConnectionOptions, environment, outputForm, withConnection } from '../connection/index.js';
import { Exit, exitStatus } from '../exit.js';
import { classTree, print, type Streams, toJson, writeAnswer, writeRecords } from '../output/index.js';
import { targetOf } from './wbem-target.js';

async function viewOf(client: WbemClient): Promise<WbemServerView> {
  const { WbemServerView } = await import('../../client/index.js');
  return new WbemServerView(client);
}

/** `*` and `?` as in a shell; a text without them may stand anywhere in the name. */
function toPattern(text: string): RegExp {
  const escaped = text.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return /[*?]/.test(text)
    ? new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i')
    : new RegExp(escaped, 'i');
}

async function tree(streams: Streams, text: string | undefined, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options, ['tree', 'json']);
  const target = await targetOf(text, options);
  const { client, namespace, path } = target;
  const top = path === null ? [] : [await client.getClass(path.className, { namespace, includeQualifiers: false })];
  const below = await client.enumerateClasses({
    namespace,
    className: path?.className ?? null,
    deepInheritance: true,
    localOnly: true,
    includeQualifiers: false,
  });
  const classes = [...top, ...below];
  if (form === 'json') {
    const nodes = classes.map(({ name, superclass }) => ({ class: name, superclass }));
    return print(streams, `${toJson(nodes, 2)}\n`);
  }
  return print(streams, classes.length === 0 ? '' : `${classTree(classes)}\n`);
}

async function find(streams: Streams, text: string, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const client = await connect(options);
  const named = options.namespace ?? environment('NAMESPACE');
  const namespaces = named === undefined ? await (await viewOf(client)).namespaces() : [named];
  const pattern = toPattern(text);
  const rows: { readonly namespace: string; readonly class: string }[] = [];
  for (const namespace of namespaces) {
    const names = await client.enumerateClassNames({ namespace, deepInheritance: true });
    for (const name of [...names].sort()) if (pattern.test(name)) rows.push({ namespace, class: name });
  }
  await writeRecords(streams, form, rows, [
    ['NAMESPACE', (row) => row.namespace],
    ['CLASS', (row) => row.class],
  ]);
  if (rows.length === 0) throw new Exit(exitStatus.no);
}

function classCommands(streams: Streams): Command {
  const cls = new Command('class').description('classes of a server');
  withConnection(cls.command('tree').description('classes below their superclasses'), ['tree', 'json'])
    .argument('[class]', 'only this one and its subclasses')
    .action((text: string | undefined, options: ConnectionOptions) => tree(streams, text, options));
  withConnection(cls.command('find').description('classes by name, in all namespaces or in the one named'))
    .argument('<pattern>', 'a part of the name, or a pattern with * and ?')
    .action((text: string, options: ConnectionOptions) => find(streams, text, options));
  return cls;
}

function namespaceCommands(streams: Streams): Command {
  const namespace = new Command('namespace').description('namespaces of a server');
  withConnection(namespace.command('list').description('all namespaces')).action(async (options: ConnectionOptions) => {
    const names = await (await viewOf(await connect(options))).namespaces();
    const rows = names.map((name) => ({ namespace: name }));
    await writeRecords(streams, outputForm(options), rows, [['NAMESPACE', (row) => row.namespace]]);
  });
  withConnection(namespace.command('create').description('make a namespace'))
    .argument('<name>')
    .action(async (name: string, options: ConnectionOptions) => {
      await (await viewOf(await connect(options))).createNamespace(name);
      await writeAnswer(streams, outputForm(options), `${name} is there`, { namespace: name, created: true });
    });
  withConnection(namespace.command('delete').description('remove a namespace that has no classes'))
    .argument('<name>')
    .action(async (name: string, options: ConnectionOptions) => {
      await (await viewOf(await connect(options))).deleteNamespace(name);
      await writeAnswer(streams, outputForm(options), `${name} is gone`, { namespace: name, deleted: true });
    });
  return namespace;
}

function serverCommands(streams: Streams): Command {
  const server = new Command('server').description('a server as a whole');
  withConnection(server.command('info').description('brand, version, interop namespace, namespaces')).action(
    async (options: ConnectionOptions) => {
      const view = await viewOf(await connect(options));
      const interop = await view.interopNamespace();
      const { brand, version, objectManager } = await view.brand();
      const description = objectManager.getString('Description');
      const info = { brand, version, description, interop, namespaces: await view.namespaces() };
      await writeRecords(
        streams,
        outputForm(options),
        [info],
        [
          ['BRAND', (row) => row.brand ?? '-'],
          ['VERSION', (row) => row.version ?? '-'],
          ['INTEROP', (row) => row.interop],
          ['NAMESPACES', (row) => row.namespaces.join(' ')],
        ],
      );
    },
  );
  return server;
}

interface ProfileOptions extends ConnectionOptions {
  readonly organization?: string;
  readonly name?: string;
}

function profileCommands(streams: Streams): Command {
  const profile = new Command('profile').description('management profiles of a server');
  withConnection(profile.command('list').description('what the server says it conforms to'))
    .option('--organization <name>', 'only of this organization')
    .option('--name <name>', 'only profiles of this name')
    .action(async (options: ProfileOptions) => {
      const { organization, name } = options;
      const found = await (await viewOf(await connect(options))).profiles({
        ...(organization === undefined ? {} : { organization }),
        ...(name === undefined ? {} : { name }),
      });
      const rows = found.map(({ instance, ...rest }) => ({
        ...rest,
        path: instance.path === null ? null : formatObjectPath(instance.path),
      }));
      await writeRecords(streams, outputForm(options), rows, [
        ['ORGANIZATION', (row) => row.organization],
        ['PROFILE', (row) => row.name],
        ['VERSION', (row) => row.version],
      ]);
    });
  return profile;
}

/** Views of a server that take several operations each. */
export function addViews(wbem: Command, streams: Streams): void {
  for (const make of [classCommands, namespaceCommands, serverCommands, profileCommands])
    wbem.addCommand(make(streams));
}
