import { Command } from 'commander';
import { formatObjectPath } from '../../cim/uri/index.js';
import type { NamedElement } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { type Columns, type Streams, writeAnswer, writeRecords } from '../output/index.js';
import { createDraftLabel, deleteDraftLabel } from './label-draft.js';
import { printLabelMatrix, printReach } from './label-matrix.js';

type ChangeOptions = ConnectionOptions & { readonly old?: string };

interface LabelRow {
  readonly label: string;
  readonly kind: string;
  readonly types: readonly string[];
  readonly chineseWall: readonly string[];
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

const elementColumns: Columns<Pick<NamedElement, 'name' | 'id' | 'label'>> = [
  ['ELEMENT', (element) => element.name],
  ['LABEL', (element) => element.label ?? '-'],
  ['ID', (element) => element.id],
];

export function labelCommand(streams: Streams): Command {
  const label = new Command('label').description('labels of a policy, and which element carries which');
  withConnection(label.command('list').description('the labels of the policies on the host')).action(
    async (options: ConnectionOptions) => {
      const host = await connectHost(options);
      const rows: LabelRow[] = [];
      for await (const item of host.client.instances('TVDC_SecurityLabel', { namespace: host.namespace })) {
        rows.push({
          label: item.getString('FullName') ?? '',
          kind: item.getNumber('Kind') === 2 ? 'VM' : 'resource',
          types: texts(item.get('Types')),
          chineseWall: texts(item.get('ChineseWallTypes')),
        });
      }
      await writeRecords(streams, outputForm(options), rows, [
        ['LABEL', (row) => row.label],
        ['KIND', (row) => row.kind],
        ['TYPES', (row) => row.types.join(' ')],
        ['CHINESE WALL', (row) => row.chineseWall.join(' ')],
      ]);
    },
  );
  withConnection(
    label
      .command('show')
      .argument('[element]', 'name of a VM, volume or VLAN')
      .description('the label of one or of all elements'),
  ).action(async (name: string | undefined, options: ConnectionOptions) => {
    const host = await connectHost(options);
    const elements =
      name === undefined
        ? [...(await host.vms()), ...(await host.volumes()), ...(await host.vlans())]
        : [await host.element(name)];
    const rows = elements.map((element) => ({
      name: element.name,
      id: element.id,
      path: formatObjectPath(element.path),
      label: element.label,
    }));
    await writeRecords(streams, outputForm(options), rows, elementColumns);
  });
  withConnection(label.command('assign').description('give an element a label'))
    .argument('<element>', 'name or UUID of a VM, volume or VLAN')
    .argument('<label>', 'as MA, or ACM:tvdc-sample:MA')
    .option('--old <label>', 'the label it must have now ("" for none)')
    .action(async (element: string, text: string, options: ChangeOptions) => {
      const sentence = await (await connectHost(options)).assignLabel(element, text, options.old);
      // The host's sentence names a volume by its resource; people know it by its name.
      const said = `${element} has the label ${text} now`;
      await writeAnswer(streams, outputForm(options), said, { element, label: text, sentence: sentence || said });
    });
  withConnection(label.command('remove').description('take the label of an element away'))
    .argument('<element>', 'name or UUID of a VM, volume or VLAN')
    .option('--old <label>', 'the label it must have now')
    .action(async (element: string, options: ChangeOptions) => {
      await (await connectHost(options)).removeLabel(element, options.old);
      await writeAnswer(streams, outputForm(options), `${element} has no label now`, { element, label: null });
    });
  addDraft(label, streams);
  withConnection(label.command('matrix').description('who may share with whom, and by which types'))
    .option('--policy <name:version>', 'another policy of the host than the enforced one')
    .action((options: ConnectionOptions) => printLabelMatrix(streams, options));
  withConnection(label.command('reach').description('what a virtual machine could reach, were it taken over'))
    .argument('<vm>', 'name or UUID of a VM')
    .action((vm: string, options: ConnectionOptions) => printReach(streams, vm, options));
  return label;
}

type DraftOptions = ConnectionOptions & { readonly resource?: boolean; readonly types: readonly string[] };

function addDraft(label: Command, streams: Streams): void {
  withConnection(label.command('create').description('add a label to a draft'))
    .argument('<policy>', 'name:version of a draft')
    .argument('<name>', 'of the label')
    .requiredOption('--types <types...>', 'types that decide about sharing; one for a resource')
    .option('--chinese-wall <types...>', 'types that decide what may run at the same time')
    .option('--resource', 'a label for volumes and VLANs')
    .addHelpText('after', '\nExample: tvdc label create tvdc-sample:1.1 HR --types HR --chinese-wall HR')
    .action((policy: string, name: string, options: DraftOptions) => createDraftLabel(streams, policy, name, options));
  withConnection(label.command('delete').description('take a label out of a draft'))
    .argument('<policy>', 'name:version of a draft')
    .argument('<name>', 'of the label')
    .option('--resource', 'a label for volumes and VLANs')
    .action((policy: string, name: string, options: DraftOptions) => deleteDraftLabel(streams, policy, name, options));
}
