// Where things stand in the store's area `repository`. Namespaces and classes have short numbers that are never used again.
import { hash } from '../../base/index.js';
import { type CimInstancePath, foldName, type KeyBinding, type KeyValue } from '../../cim/model/index.js';

export const area = 'repository';

/** Next free number for a namespace or class. */
export const counterKey = 'counter';
export const namespacePrefix = 'n/';

export const namespaceKey = (folded: string): string => `n/${folded}`;
export const qualifierPrefix = (space: string): string => `q/${space}/`;
export const qualifierKey = (space: string, name: string): string => `q/${space}/${foldName(name)}`;
/** Name, superclass and number of a class: all that is read at start. */
export const headerPrefix = (space: string): string => `h/${space}/`;
export const headerKey = (space: string, name: string): string => `h/${space}/${foldName(name)}`;
export const classKey = (space: string, name: string): string => `c/${space}/${foldName(name)}`;
export const layoutPrefix = (cls: string): string => `l/${cls}/`;
export const layoutKey = (cls: string, number: number): string => `l/${cls}/${String(number).padStart(6, '0')}`;
export const instancePrefix = (cls: string): string => `i/${cls}/`;
export const instanceKey = (cls: string, text: string): string => `i/${cls}/${text}`;
export const endPrefix = (space: string, end: string): string => `r/${space}/${end}/`;
export const endClassPrefix = (space: string, end: string, cls: string): string => `r/${space}/${end}/${cls}/`;
export const endKey = (space: string, end: string, cls: string, text: string): string =>
  `r/${space}/${end}/${cls}/${text}`;

const separator = '\u0002';
const escape = '\u0003';
const special = /[\u0002\u0003]/;

function escaped(text: string): string {
  if (!special.test(text)) return text;
  return text.replace(/[\u0002\u0003]/g, (one) => (one === separator ? `${escape}s` : `${escape}e`));
}

function textOfKey(value: KeyValue, namespace: string): string {
  if (typeof value === 'string') return escaped(value);
  return typeof value === 'object' ? escaped(targetText(value, namespace)) : String(value);
}

function byName(a: KeyBinding, b: KeyBinding): number {
  const left = foldName(a.name);
  const right = foldName(b.name);
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * The values of a normal path as one text: keys in the order of their names, which no change of the class disturbs.
 * @param namespace where references without a namespace point, folded
 */
export function keyText(path: CimInstancePath, namespace: string): string {
  const { keys } = path;
  if (keys.length === 1) return textOfKey((keys[0] as KeyBinding).value, namespace);
  return [...keys]
    .sort(byName)
    .map((key) => textOfKey(key.value, namespace))
    .join(separator);
}

/** A path as a target: the same text for every spelling of it. */
export function targetText(path: CimInstancePath, namespace: string): string {
  const where = path.namespace === null ? namespace : foldName(path.namespace);
  return `${where}${separator}${foldName(path.className)}${separator}${keyText(path, where)}`;
}

/** Short name of a target in the index of association ends. */
export function endOf(path: CimInstancePath, namespace: string): string {
  const digest = hash('sha256', Buffer.from(targetText(path, namespace)));
  return Buffer.from(digest.buffer, digest.byteOffset, 16).toString('base64url');
}
