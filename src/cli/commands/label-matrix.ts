import type { ShareMatrix } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { print, type Streams, toJson, writeRecords } from '../output/index.js';

type Label = ShareMatrix['columns'][number];

interface MatrixOptions extends ConnectionOptions {
  readonly policy?: string;
}

/** `tvdc label matrix`: who may share with whom, and by which types. */
export async function printLabelMatrix(streams: Streams, options: MatrixOptions): Promise<void> {
  const form = outputForm(options);
  const { policy } = options;
  if (policy !== undefined && !/^.+:[^:]+$/.test(policy)) {
    throw new UsageError(`--policy takes name:version, not "${policy}"`);
  }
  const { hostLabels, shareMatrix } = await import('../../client/management/index.js');
  const wanted = policy?.replace(/:([^:]+)$/, ' $1');
  const matrix = shareMatrix(await hostLabels(await connectHost(options), wanted));
  const rows = matrix.rows.map((row, at) => ({ label: row.name, types: row.types, common: matrix.common[at] ?? [] }));
  if (form === 'json') return print(streams, `${toJson(matrix, 2)}\n`);
  if (form === 'ndjson') {
    const named = rows.map(({ label, types, common }) => ({
      label,
      types,
      shares: matrix.columns.flatMap(({ kind, name }, at) =>
        (common[at]?.length ?? 0) === 0 ? [] : [{ kind, name, common: common[at] }],
      ),
    }));
    return print(streams, named.map((row) => `${toJson(row)}\n`).join(''));
  }
  const heading = ({ kind, name }: Label): string => (kind === 'vm' ? name : `${name} (resource)`);
  await writeRecords(streams, form, rows, [
    ['', (row) => row.label],
    ...matrix.columns.map((column, at): readonly [string, (row: (typeof rows)[number]) => string] => [
      heading(column),
      (row) => row.common[at]?.join(' ') || '-',
    ]),
  ]);
}

/** `tvdc label reach VM`, `tvdc explain VM --reach`: what a VM could reach, were it taken over. */
export async function printReach(streams: Streams, vm: string, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const { labelReach } = await import('../../client/management/index.js');
  const reach = await labelReach(await connectHost(options), vm);
  if (form !== 'table') return print(streams, `${toJson(reach, form === 'json' ? 2 : undefined)}\n`);
  await print(streams, `${reach.vm} (${reach.label}) reaches what shares one of its types: ${reach.types.join(' ')}\n`);
  await writeRecords(streams, form, reach.elements, [
    ['KIND', (element) => element.kind],
    ['ELEMENT', (element) => element.name],
    ['LABEL', (element) => element.label],
    ['BY', (element) => element.common.join(' ')],
    ['ID', (element) => element.id],
  ]);
  if (reach.throughTrusted.length > 0) {
    await print(streams, `through trusted VMs of several types also: ${reach.throughTrusted.join(', ')}\n`);
  }
}
