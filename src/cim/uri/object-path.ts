import { ParseError } from '../../base/index.js';
import {
  type CimInstancePath,
  type CimObjectPath,
  createClassPath,
  createInstancePath,
  type KeyBinding,
  type Location,
  sameName,
} from '../model/index.js';
import { Cursor } from './cursor.js';
import { type LiteralKey, readKeyValue } from './key-value.js';
import { readAuthority, readNamespace } from './location.js';

export interface ParsePathOptions {
  /**
   * What a quoted key value that is spelt like the path of an instance becomes. `guess` (default): a path, if its class
   * name has a schema prefix and the whole text is a path; `never`: text.
   */
  readonly references?: 'guess' | 'never';
}

interface Reading {
  readonly references: 'guess' | 'never';
  readonly depth: number;
}

const deepest = 8;
const mostKeys = 1000;
const nameHere = /[A-Za-z_\u0080-\uffef][A-Za-z0-9_\u0080-\uffef]*/y;
const prefixedName = /^[^_]+_./;
const bareReference =
  /(?:\/\/[^/,"=]*\/)?(?:[^,"=:]*:)?[A-Za-z_\u0080-\uffef][A-Za-z0-9_\u0080-\uffef]*\.[A-Za-z_\u0080-\uffef][A-Za-z0-9_\u0080-\uffef]*=/y;

/** A reference whose keys are still being read. */
interface OpenPath {
  readonly className: string;
  readonly location: Location;
  readonly keys: KeyBinding[];
}

function referenceIn(text: string, reading: Reading): CimInstancePath | null {
  if (reading.depth >= deepest) return null;
  try {
    const path = readObjectPath(new Cursor(text), { references: 'guess', depth: reading.depth + 1 });
    const strict = path.kind === 'instance-path' && path.keys.length > 0 && prefixedName.test(path.className);
    return strict ? path : null;
  } catch (error) {
    if (error instanceof ParseError) return null;
    throw error;
  }
}

function bindingOf(name: string, key: LiteralKey, reading: Reading): KeyBinding {
  if (key.quoted && key.type === null && reading.references === 'guess' && typeof key.value === 'string') {
    const path = key.value.includes('=') ? referenceIn(key.value, reading) : null;
    if (path) return { name, type: 'reference', value: path };
  }
  return { name, type: key.type, value: key.value };
}

function add<K extends { readonly name: string }>(keys: K[], binding: K, cursor: Cursor, at: number): void {
  if (keys.some((key) => sameName(key.name, binding.name))) throw cursor.fail(`key ${binding.name} stands twice`, at);
  if (keys.length >= mostKeys) throw cursor.fail(`expected at most ${mostKeys} keys`, at);
  keys.push(binding);
}

function readName(cursor: Cursor, what: string): string {
  const name = cursor.match(nameHere);
  if (name === null) throw cursor.fail(`expected ${what}`);
  return name;
}

/** `[//host/][namespace:]Class.` of a reference that stands without quotes, as wbemcli writes it. */
function openBareReference(cursor: Cursor): OpenPath | null {
  const start = cursor.at;
  if (cursor.match(bareReference) === null) return null;
  cursor.at = start;
  const host = cursor.skip('//') ? readAuthority(cursor).host : null;
  const namespace = readNamespace(cursor);
  const className = readName(cursor, 'a class name');
  if (!cursor.skip('.')) throw cursor.fail('expected "." and keys');
  return { className, location: { host, namespace }, keys: [] };
}

/**
 * Keys after the dot. Once an unquoted reference is open, plain keys belong to the path that it names and the next
 * reference to the outer path: so wbemcli reads `Antecedent=ns:A.a=1,b=2,Dependent=ns:B.c=3`.
 */
function readKeys(cursor: Cursor, reading: Reading): KeyBinding[] {
  const outer: (KeyBinding | { readonly name: string; readonly open: OpenPath })[] = [];
  let inner: KeyBinding[] | null = null;
  do {
    const at = cursor.at;
    const name = readName(cursor, 'the name of a key');
    if (!cursor.skip('=')) throw cursor.fail(`expected "=" after the key ${name}`);
    const reference = openBareReference(cursor);
    if (reference) {
      add(outer, { name, open: reference }, cursor, at);
      inner = reference.keys;
      const nested = cursor.at;
      const nestedName = readName(cursor, 'the name of a key');
      if (!cursor.skip('=')) throw cursor.fail(`expected "=" after the key ${nestedName}`);
      add(inner, bindingOf(nestedName, readKeyValue(cursor), reading), cursor, nested);
    } else {
      add<KeyBinding>(inner ?? (outer as KeyBinding[]), bindingOf(name, readKeyValue(cursor), reading), cursor, at);
    }
  } while (cursor.skip(','));
  if (!cursor.done) throw cursor.fail(`expected "," or the end, got "${cursor.peek()}"`);
  return outer.map((key) => {
    if (!('open' in key)) return key;
    const { className, location, keys } = key.open;
    return { name: key.name, type: 'reference', value: createInstancePath(className, keys, location) };
  });
}

/** `Class`, `Class.key=…` or `Class=@` (the only instance of a class without keys), to the end of the text. */
export function readModelPath(
  cursor: Cursor,
  location: { readonly host: string | null; readonly namespace: string | null },
  reading: Reading,
): CimObjectPath {
  const className = readName(cursor, 'a class name');
  if (cursor.done) return createClassPath(className, location);
  if (cursor.skip('=@')) {
    if (!cursor.done) throw cursor.fail(`expected the end, got "${cursor.peek()}"`);
    return createInstancePath(className, [], location);
  }
  if (!cursor.skip('.')) throw cursor.fail(`expected "." or the end, got "${cursor.peek()}"`);
  return createInstancePath(className, readKeys(cursor, reading), location);
}

function readObjectPath(cursor: Cursor, reading: Reading): CimObjectPath {
  const scheme = cursor.match(/[A-Za-z][A-Za-z0-9.+-]*:(?=\/\/)/y);
  let host: string | null = null;
  if (cursor.skip('//')) host = readAuthority(cursor).host;
  else if (scheme !== null) throw cursor.fail('expected "//" after the scheme');
  const namespace = readNamespace(cursor);
  return readModelPath(cursor, { host, namespace }, reading);
}

/**
 * Reads the path of a class or an instance in any usual spelling: DSP0207 (`https://host:5989/root/cimv2:C.k="v",n=1`,
 * `/root/cimv2:C`), historical (`//host/ns:C.k="v"`, `ns:C.k="v"`), DSP0004 (`C.k="v"`), and wbemcli's unquoted values and
 * references. Quoted values get no type, because strings, datetimes and references are spelt alike: the class decides.
 * @throws ParseError `bad_object_path` with the column
 */
export function parseObjectPath(text: string, options: ParsePathOptions = {}): CimObjectPath {
  return readObjectPath(new Cursor(text), { references: options.references ?? 'guess', depth: 0 });
}
