import { type CimScalar, type CimValue, isCimArray } from '../model/index.js';
import { formatObjectPath } from '../uri/index.js';

const longest = 120;

function scalarText(value: CimScalar | null): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  switch (value.kind) {
    case 'datetime':
      return value.text;
    case 'instance-path':
    case 'class-path':
      return formatObjectPath(value);
    case 'instance':
      return `instance of ${value.className}`;
    case 'class':
      return `class ${value.name}`;
  }
}

/** A value for a sentence, cut where it is long: texts in quotes, arrays in braces. */
export function valueText(value: CimValue): string {
  const text = isCimArray(value) ? `{${value.map(scalarText).join(', ')}}` : scalarText(value);
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
