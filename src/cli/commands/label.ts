import { Command } from 'commander';
import type { NamedElement } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { processStreams, writeRecords } from '../output/index.js';

interface LabelRow {
  readonly label: string;
  readonly kind: string;
  readonly types: readonly string[];
  readonly chineseWall: readonly string[];
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

const elementColumns: readonly (readonly [string, (element: NamedElement) => string])[] = [
  ['ELEMENT', (element) => element.name],
  ['LABEL', (element) => element.label ?? '-'],
  ['ID', (element) => element.id],
];

export function labelCommand(): Command {
  const label = new Command('label').description('labels of a policy, and which element carries which');
  withConnection(label.command('list').description('the labels of the policies on the host')).action(async (options: ConnectionOptions) => {
    const host = connectHost(options);
    const rows: LabelRow[] = [];
    for await (const item of host.client.instances('TVDC_SecurityLabel', { namespace: host.namespace })) {
      rows.push({
        label: item.getString('FullName') ?? '',
        kind: item.getNumber('Kind') === 2 ? 'VM' : 'resource',
        types: texts(item.get('Types')),
        chineseWall: texts(item.get('ChineseWallTypes')),
      });
    }
    writeRecords(processStreams, outputForm(options), rows, [
      ['LABEL', (row) => row.label],
      ['KIND', (row) => row.kind],
      ['TYPES', (row) => row.types.join(' ')],
      ['CHINESE WALL', (row) => row.chineseWall.join(' ')],
    ]);
  });
  withConnection(label.command('show').argument('[element]', 'name of a VM, volume or VLAN').description('the label of one or of all elements')).action(
    async (name: string | undefined, options: ConnectionOptions) => {
      const host = connectHost(options);
      const elements =
        name === undefined ? [...(await host.vms()), ...(await host.volumes()), ...(await host.vlans())] : [await host.element(name)];
      const rows = elements.map((element) => ({ name: element.name, id: element.id, path: element.path, label: element.label }));
      writeRecords(processStreams, outputForm(options), rows, elementColumns);
    },
  );
  withConnection(
    label.command('assign').argument('<element>').argument('<label>').option('--old <label>', 'the label it must have now ("" for none)').description('give an element a label'),
  ).action(async (element: string, text: string, options: ConnectionOptions & { readonly old?: string }) => {
    const sentence = await connectHost(options).assignLabel(element, text, options.old);
    processStreams.out.write(`${sentence}\n`);
  });
  withConnection(label.command('remove').argument('<element>').option('--old <label>', 'the label it must have now').description('take the label of an element away')).action(
    async (element: string, options: ConnectionOptions & { readonly old?: string }) => {
      await connectHost(options).removeLabel(element, options.old);
      processStreams.out.write(`${element} has no label now\n`);
    },
  );
  return label;
}
