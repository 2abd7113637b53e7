import type { CimInstancePath, CimObjectPath, KeyBinding } from '../model/index.js';

/**
 * `uri`: DSP0207, `https://host/ns:C.k="v"`, `//host/ns:…`, `/ns:…`. `historical`: `//host/ns:…`, `ns:…`, as in the
 * CIMObject header. `model`: `C.k="v"`, without a place (DSP0004).
 */
export type ObjectPathForm = 'uri' | 'historical' | 'model';

export interface ObjectPathFormatOptions {
  /** Written before the host in the form `uri`. */
  readonly scheme?: 'http' | 'https';
}

function quoted(text: string, quote: string): string {
  return `${quote}${text.replace(quote === '"' ? /["\\]/g : /['\\]/g, '\\$&')}${quote}`;
}

function formatReal(value: number): string {
  const text = String(value);
  if (!Number.isFinite(value)) return quoted(text, '"');
  return /[.]/.test(text) ? text : text.replace(/(e|$)/, '.0$1');
}

function formatKeyValue(key: KeyBinding, form: ObjectPathForm): string {
  const value = key.value;
  switch (typeof value) {
    case 'string':
      return quoted(value, key.type === 'char16' ? "'" : '"');
    case 'boolean':
      return value ? 'TRUE' : 'FALSE';
    case 'bigint':
      return String(value);
    case 'number':
      return formatReal(value);
    default:
      return quoted(formatObjectPath(value, form === 'model' ? 'historical' : form), '"');
  }
}

function formatKeys(path: CimInstancePath, form: ObjectPathForm): string {
  if (path.keys.length === 0) return '=@';
  let out = '';
  for (const key of path.keys) out += `${out === '' ? '.' : ','}${key.name}=${formatKeyValue(key, form)}`;
  return out;
}

function formatPlace(path: CimObjectPath, form: ObjectPathForm, scheme: string | undefined): string {
  if (form === 'model') return '';
  const namespace = path.namespace ?? '';
  if (path.host !== null) {
    return `${form === 'uri' && scheme !== undefined ? `${scheme}:` : ''}//${path.host}/${namespace}:`;
  }
  if (path.namespace === null) return '';
  return form === 'uri' ? `/${namespace}:` : `${namespace}:`;
}

/**
 * Writes a path. Quotes and backslashes in texts are escaped by a backslash (DSP0004); references stand as quoted paths
 * in the same form. {@link parseObjectPath} reads the result back.
 */
export function formatObjectPath(
  path: CimObjectPath,
  form: ObjectPathForm = 'historical',
  options: ObjectPathFormatOptions = {},
): string {
  const model = path.kind === 'class-path' ? path.className : path.className + formatKeys(path, form);
  return formatPlace(path, form, options.scheme) + model;
}
