import { Command } from 'commander';
import { formatObjectPath } from '../../cim/uri/index.js';
import type { NamedElement } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { type Columns, type Streams, writeAnswer, writeRecords } from '../output/index.js';

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
      const said = sentence === '' ? `${element} has the label ${text} now` : sentence;
      await writeAnswer(streams, outputForm(options), said, { element, label: text, sentence: said });
    });
  withConnection(label.command('remove').description('take the label of an element away'))
    .argument('<element>', 'name or UUID of a VM, volume or VLAN')
    .option('--old <label>', 'the label it must have now')
    .action(async (element: string, options: ChangeOptions) => {
      await (await connectHost(options)).removeLabel(element, options.old);
      await writeAnswer(streams, outputForm(options), `${element} has no label now`, { element, label: null });
    });
  return label;
}
