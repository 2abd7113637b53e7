import { Command } from 'commander';
import { formatObjectPath } from '../../cim/uri/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { type Streams, writeAnswer, writeRecords } from '../output/index.js';

async function list(streams: Streams, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const { client, namespace } = await connectHost(options);
  const domains = await client.instances('TVDC_TrustedVirtualDomain', { namespace }).toArray();
  const rows = domains.map((domain) => {
    const types = domain.get('Types');
    return {
      name: domain.getString('ElementName') ?? '',
      types: Array.isArray(types) ? types.map(String) : [],
      id: domain.getString('InstanceID') ?? '',
    };
  });
  await writeRecords(streams, form, rows, [
    ['DOMAIN', (row) => row.name],
    ['TYPES', (row) => row.types.join(' ')],
    ['ID', (row) => row.id],
  ]);
}

interface CreateOptions extends ConnectionOptions {
  readonly datacenter: string;
}

async function create(streams: Streams, name: string, types: readonly string[], options: CreateOptions): Promise<void> {
  const form = outputForm(options);
  const path = await (await connectHost(options)).createDomain(name, options.datacenter, types);
  await writeAnswer(streams, form, `${name} is a domain of ${options.datacenter}`, {
    name,
    path: formatObjectPath(path),
  });
}

export function tvdCommand(streams: Streams): Command {
  const tvd = new Command('tvd').description('trusted virtual domains of a host');
  withConnection(tvd.command('list').description('all domains')).action((options: ConnectionOptions) =>
    list(streams, options),
  );
  withConnection(tvd.command('create').description('make a domain of the workloads with some types'))
    .argument('<name>')
    .argument('<types...>', 'types of the enforced policy')
    .requiredOption('--datacenter <name>', 'the virtual datacenter that it belongs to')
    .action((name: string, types: string[], options: CreateOptions) => create(streams, name, types, options));
  return tvd;
}
