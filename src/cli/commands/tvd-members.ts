import type { Command } from 'commander';
import { TvdcError } from '../../base/index.js';
import type { HostDomain, ManagedHost, NamedElement } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { type Streams, writeAnswer } from '../output/index.js';

type AddOptions = ConnectionOptions & { readonly label?: string };

function management() {
  return import('../../client/management/index.js');
}

async function typesOf(host: ManagedHost, kind: 'vm' | 'resource', label: string): Promise<readonly string[]> {
  const { hostLabels } = await management();
  const found = (await hostLabels(host)).find(
    (item) => item.kind === kind && (item.name === label || item.fullName === label),
  );
  if (found === undefined) throw new TvdcError('not_found', `the enforced policy has no ${kind} label ${label}`);
  return found.types;
}

function kindOf({ path }: NamedElement): 'vm' | 'resource' {
  return path.className === 'TVDC_ComputerSystem' ? 'vm' : 'resource';
}

async function labelFor(host: ManagedHost, domain: HostDomain, element: NamedElement, wanted: string | undefined) {
  const kind = kindOf(element);
  if (wanted === undefined) return (await management()).memberLabel(host, domain, kind);
  const types = await typesOf(host, kind, wanted);
  if (types.some((type) => domain.types.includes(type))) return wanted;
  throw new TvdcError('refused', `the label ${wanted} has no type of ${domain.name}`);
}

async function add(streams: Streams, name: string, text: string, options: AddOptions): Promise<void> {
  const form = outputForm(options);
  const { hostDomain } = await management();
  const host = await connectHost(options);
  const domain = await hostDomain(host, name);
  const element = await host.element(text);
  const label = await labelFor(host, domain, element, options.label);
  await host.assignLabel(element.id, label, element.label ?? '');
  const now = (await host.element(element.id)).label;
  await writeAnswer(streams, form, `${element.name} belongs to ${domain.name}: ${now ?? label}`, {
    element: element.name,
    id: element.id,
    domain: domain.name,
    label: now,
  });
}

async function remove(streams: Streams, name: string, text: string, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const { hostDomain, viewDomain } = await management();
  const host = await connectHost(options);
  const view = await viewDomain(host, await hostDomain(host, name));
  const element = await host.element(text);
  if (![...view.vms, ...view.volumes, ...view.vlans].some(({ id }) => id === element.id))
    throw new TvdcError('not_found', `${element.name} does not belong to ${view.name}`);
  await host.removeLabel(element.id, element.label ?? undefined);
  await writeAnswer(streams, form, `${element.name} has no label any more, and belongs to no domain`, {
    element: element.name,
    id: element.id,
    domain: view.name,
    label: null,
  });
}

/** `tvdc tvd add` and `tvdc tvd remove`. */
export function addTvdMembers(tvd: Command, streams: Streams): void {
  withConnection(tvd.command('add'))
    .argument('<domain>', 'name or UUID')
    .argument('<element>', 'a virtual machine, volume or VLAN')
    .description('make an element a member: it gets the label that has the types of the domain')
    .option('--label <label>', 'this one, where several would do')
    .action((name: string, element: string, options: AddOptions) => add(streams, name, element, options));
  withConnection(tvd.command('remove'))
    .argument('<domain>', 'name or UUID')
    .argument('<element>', 'a member')
    .description('end a membership: the element loses its label')
    .action((name: string, element: string, options: ConnectionOptions) => remove(streams, name, element, options));
}
