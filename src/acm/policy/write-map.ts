import { policyMagic } from './binary-layout.js';
import { sortedNames } from './code-points.js';
import type { PolicyDocument } from './document.js';
import { labelOrder } from './label-order.js';
import { nullLabelName, unlabeledName } from './names.js';

const hex8 = (value: number): string => value.toString(16).padStart(8, '0');
const key = (name: string): string => name.padEnd(23);

interface Row {
  readonly kind: 'VM ' | 'RES';
  readonly name: string;
  readonly types: readonly string[];
}

function component(
  code: 'CHWALL' | 'STE',
  rowZero: string,
  rows: readonly Row[],
  columns: readonly string[],
): string[][] {
  const short = code.padEnd(6);
  return [
    [
      `LABEL->SSID ANY ${short} ${rowZero.padEnd(20)} ${code === 'STE' ? hex8(0) : '0'}`,
      ...rows.map((row, at) => `LABEL->SSID ${row.kind} ${short} ${row.name.padEnd(20)} ${(at + 1).toString(16)}`),
    ],
    [
      `${key(`SSID->TYPE ${short}`)}${hex8(0)}`,
      ...rows.map((row, at) => [`${key(`SSID->TYPE ${short}`)}${hex8(at + 1)}`, ...row.types].join(' ')),
    ],
    columns.map((type, at) => `${key(`TYPE ${short}`)}${type.padEnd(20)} ${at}`),
  ];
}

/**
 * The map file that goes with the binary form: names of labels, rows and types.
 * @param folder where the installation keeps its policies; only printed
 */
export function writePolicyMap(document: PolicyDocument, folder = '/var/lib/xend/security/policies'): string {
  const { unlabeled, vms, resources } = labelOrder(document);
  const rowZero = unlabeled === null ? nullLabelName : unlabeledName;
  const vmRows = (types: (label: (typeof vms)[number]) => readonly string[]): Row[] =>
    vms.map((label) => ({ kind: 'VM ', name: label.name, types: types(label) }));
  const chwall = { columns: sortedNames(document.chwallTypes), rows: vmRows((label) => label.chwall) };
  const ste = {
    columns: sortedNames(document.steTypes),
    rows: [
      ...vmRows((label) => label.ste),
      ...resources.map((label): Row => ({ kind: 'RES', name: label.name, types: [label.type] })),
    ],
  };
  const size = (
    name: string,
    part: { readonly columns: readonly string[]; readonly rows: readonly Row[] },
  ): string[] => [
    `${key(`MAX-${name}-TYPES`)}${hex8(part.columns.length)}`,
    `${key(`MAX-${name}-SSIDS`)}${hex8(part.rows.length + 1)}`,
    `${key(`MAX-${name}-LABELS`)}${hex8(part.rows.length + 1)}`,
  ];
  const both = chwall.columns.length > 0;
  const base = `${folder}/${document.name.replaceAll('.', '/')}`;
  const slash = base.lastIndexOf('/');
  const head = [
    `${key('POLICYREFERENCENAME')}${document.name}`,
    `${key('MAGIC')}${hex8(policyMagic)}`,
    `${key('POLICFILE')}${base}-security_policy.xml`,
    `${key('BINARYFILE')}${base.slice(0, slash)}/${base.slice(slash)}.bin`,
    ...size('CHWALL', chwall),
    ...size('STE', ste),
  ];
  const order = [`${key('PRIMARY')}${both ? 'CHWALL' : 'STE'}`, `${key('SECONDARY')}${both ? 'STE' : 'NULL'}`];
  const [steLabels = [], steRows = [], steTypes = []] = component('STE', rowZero, ste.rows, ste.columns);
  const [wallLabels = [], wallRows = [], wallTypes = []] = component('CHWALL', rowZero, chwall.rows, chwall.columns);
  const blocks = both
    ? [head, order, wallLabels, steLabels, wallRows, steRows, wallTypes, steTypes]
    : [head, order, steLabels, steRows, steTypes];
  return `${blocks.map((block) => `${block.join('\n')}\n`).join('\n')}\n\n`;
}
