import { Command } from 'commander';
import { formatObjectPath } from '../../cim/uri/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection, withJobs } from '../connection/index.js';
import { Exit, exitStatus } from '../exit.js';
import { type Streams, writeAnswer, writeRecords } from '../output/index.js';
import { addTvdMembers } from './tvd-members.js';
import { addTvdShow } from './tvd-show.js';

function management() {
  return import('../../client/management/index.js');
}

async function list(streams: Streams, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const { hostDomains } = await management();
  const rows = (await hostDomains(await connectHost(options))).map(({ name, types, id, path }) => ({
    name,
    types,
    id,
    path: formatObjectPath(path),
  }));
  await writeRecords(streams, form, rows, [
    ['DOMAIN', (row) => row.name],
    ['TYPES', (row) => row.types.join(' ')],
    ['UUID', (row) => row.id],
  ]);
}

interface CreateOptions extends ConnectionOptions {
  readonly datacenter: string;
  readonly join?: boolean;
}

async function create(streams: Streams, name: string, types: readonly string[], options: CreateOptions): Promise<void> {
  const form = outputForm(options);
  const host = await connectHost(options);
  if (options.join === true) await host.joinDatacenter(options.datacenter);
  const path = await host.createDomain(name, options.datacenter, types);
  await writeAnswer(streams, form, `${name} is a domain of ${options.datacenter}`, {
    name,
    path: formatObjectPath(path),
  });
}

async function remove(streams: Streams, name: string, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const { deleteDomain, hostDomain } = await management();
  const host = await connectHost(options);
  const domain = await hostDomain(host, name);
  await deleteDomain(host, domain);
  const sentence = `${domain.name} is no domain any more; its members keep their labels`;
  await writeAnswer(streams, form, sentence, { name: domain.name, id: domain.id, deleted: true });
}

async function change(
  streams: Streams,
  name: string,
  wanted: 'start' | 'stop',
  options: ConnectionOptions,
): Promise<void> {
  const form = outputForm(options);
  const { changeDomainState, hostDomain } = await management();
  const host = await connectHost(options, streams);
  const outcomes = await changeDomainState(host, await hostDomain(host, name), wanted);
  await writeRecords(streams, form, outcomes, [
    ['VM', (row) => row.vm],
    ['STATE', (row) => row.state],
    ['DONE', (row) => (row.done ? 'yes' : 'no')],
    ['WHY', (row) => row.sentence || '-'],
  ]);
  if (outcomes.some(({ done }) => !done)) throw new Exit(exitStatus.no);
}

const examples = `
Who belongs to a domain follows from labels: add and remove assign and remove them.

Examples:
  tvdc tvd create 'Market Analysis' MA --datacenter dc --join
  tvdc tvd add 'Market Analysis' ma-1
  tvdc tvd show 'Market Analysis'
  tvdc tvd start 'Market Analysis'            each machine is reported; status 1 if one did not start`;

export function tvdCommand(streams: Streams): Command {
  const tvd = new Command('tvd').description('trusted virtual domains of a host').addHelpText('after', examples);
  const online = (name: string, description: string): Command =>
    withConnection(tvd.command(name).description(description));
  online('list', 'the domains that the caller may see').action((options: ConnectionOptions) => list(streams, options));
  addTvdShow(tvd, streams);
  online('create', 'make a domain of the workloads with some types')
    .argument('<name>')
    .argument('<types...>', 'types of the enforced policy')
    .requiredOption('--datacenter <name>', 'the virtual datacenter that it belongs to')
    .option('--join', 'make that datacenter where there is none, and put this host into it')
    .action((name: string, types: string[], options: CreateOptions) => create(streams, name, types, options));
  online('delete', 'remove a domain; its members keep their labels')
    .argument('<domain>', 'name or UUID')
    .action((name: string, options: ConnectionOptions) => remove(streams, name, options));
  addTvdMembers(tvd, streams);
  for (const wanted of ['start', 'stop'] as const) {
    withJobs(online(wanted, `${wanted} every machine of a domain; one that fails does not keep the others`))
      .argument('<domain>', 'name or UUID')
      .action((name: string, options: ConnectionOptions) => change(streams, name, wanted, options));
  }
  return tvd;
}
