import { Command } from 'commander';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { type Streams, writeAnswer, writeRecords } from '../output/index.js';

type ScopeOptions = ConnectionOptions & { readonly datacenter?: string; readonly domain?: readonly string[] };

const roleHelp = 'datacenter-admin, tvdc-admin, observer or peer (another host)';

async function list(streams: Streams, options: ConnectionOptions): Promise<void> {
  const { grantedRoles } = await import('../../client/management/index.js');
  await writeRecords(streams, outputForm(options), await grantedRoles(await connectHost(options)), [
    ['USER', (row) => row.user],
    ['ROLE', (row) => row.role],
    ['DATACENTER', (row) => row.datacenter ?? 'all'],
    ['DOMAINS', (row) => row.domains?.join(' ') ?? 'all'],
  ]);
}

async function grant(streams: Streams, user: string, role: string, options: ScopeOptions): Promise<void> {
  const form = outputForm(options);
  const { datacenter = null, domain = [] } = options;
  await (await connectHost(options)).grantRole(user, role, datacenter, domain);
  await writeAnswer(streams, form, `${user} is ${role} now`, { user, role, datacenter, domains: domain });
}

async function revoke(streams: Streams, user: string, role: string, options: ScopeOptions): Promise<void> {
  const form = outputForm(options);
  const { datacenter = null } = options;
  const { revokeRole } = await import('../../client/management/index.js');
  await revokeRole(await connectHost(options), user, role, datacenter);
  await writeAnswer(streams, form, `${user} is not ${role} any more`, { user, role, datacenter });
}

export function roleCommand(streams: Streams): Command {
  const role = new Command('role').description('who may do what: roles and their scopes');
  withConnection(role.command('list').description('all roles that were granted')).action((options: ConnectionOptions) =>
    list(streams, options),
  );
  withConnection(role.command('grant').description('give a user a role'))
    .argument('<user>')
    .argument('<role>', roleHelp)
    .option('--datacenter <name>', 'virtual datacenter of the scope; default all')
    .option('--domain <names...>', 'trusted virtual domains of the scope; default all of the datacenter')
    .addHelpText('after', '\nExample: tvdc role grant alice tvdc-admin --datacenter dc --domain "Market Analysis"')
    .action((user: string, name: string, options: ScopeOptions) => grant(streams, user, name, options));
  withConnection(role.command('revoke').description('take a role away'))
    .argument('<user>')
    .argument('<role>', roleHelp)
    .option('--datacenter <name>', 'virtual datacenter of the scope; default: the role for all')
    .action((user: string, name: string, options: ScopeOptions) => revoke(streams, user, name, options));
  return role;
}
