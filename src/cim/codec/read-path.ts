import {
  type CimClassPath,
  type CimInstancePath,
  type CimObjectPath,
  type CimType,
  coerceKey,
  createClassPath,
  isCimName,
  isCimType,
  type KeyBinding,
  type KeyValue,
  parseNamespace,
  relocate,
} from '../model/index.js';
import type { CimXmlReader } from './reader.js';

/** A NAME or CLASSNAME attribute that must be a CIM name. */
export function cimName(reader: CimXmlReader, attribute: 'NAME' | 'CLASSNAME'): string {
  const name = reader.attribute(attribute);
  if (!isCimName(name)) reader.wrong(`not a CIM name: "${name.slice(0, 80)}"`);
  return name;
}

/** LOCALNAMESPACEPATH. */
export function readLocalNamespace(reader: CimXmlReader): string {
  const parts: string[] = [];
  for (let child = reader.child(); child !== null; child = reader.child()) {
    if (child !== 'NAMESPACE') reader.invalid(`unexpected ${child}`);
    parts.push(reader.attribute('NAME'));
    reader.end();
  }
  if (parts.length === 0) reader.invalid('LOCALNAMESPACEPATH is empty');
  const text = parts.join('/');
  try {
    return parseNamespace(text);
  } catch {
    reader.wrong(`not a namespace: "${text.slice(0, 80)}"`, 3);
    return text;
  }
}

interface Place {
  readonly host: string;
  readonly namespace: string;
}

function readNamespacePath(reader: CimXmlReader): Place {
  reader.expect('HOST');
  const host = reader.text().trim();
  reader.expect('LOCALNAMESPACEPATH');
  const namespace = readLocalNamespace(reader);
  reader.end();
  return { host, namespace };
}

// The text is kept as it is where a number or boolean would not give it back: a key "007" may be a string to the class.
function untypedKey(reader: CimXmlReader, text: string, valueType: string): KeyValue {
  if (valueType === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    if (!/^\s*(?:true|false)\s*$/i.test(text)) reader.wrong(`not a boolean key: "${text.slice(0, 80)}"`);
    return text;
  }
  if (valueType === 'string') return text;
  if (/^(?:0|-?[1-9][0-9]{0,18}|1[0-9]{19})$/.test(text)) return BigInt(text);
  if (!/^\s*[+-]?(?:[0-9]+|0[xX][0-9a-fA-F]+|[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?)\s*$/.test(text)) {
    reader.wrong(`not a numeric key: "${text.slice(0, 80)}"`);
  }
  const real = Number(text);
  return String(real) === text ? real : text;
}

function readKeyValue(reader: CimXmlReader): Omit<KeyBinding, 'name'> {
  const { tag } = reader.scanner;
  const valueType = tag.attribute('VALUETYPE') ?? 'string';
  if (valueType !== 'string' && valueType !== 'boolean' && valueType !== 'numeric') {
    reader.invalid(`VALUETYPE="${valueType}"`);
  }
  const type = tag.attribute('TYPE');
  if (type === undefined) {
    if (reader.options.role === 'answer') reader.tolerate('missing-key-type', 'KEYVALUE');
    return { type: null, value: untypedKey(reader, reader.text(), valueType) };
  }
  if (!isCimType(type) || type === 'reference') return reader.invalid(`TYPE="${type}" in KEYVALUE`);
  return { type, value: typedKey(reader, type, reader.text()) };
}

function typedKey(reader: CimXmlReader, type: CimType, text: string): KeyValue {
  try {
    return coerceKey(type, text);
  } catch {
    reader.wrong(`not a key of type ${type}: "${text.slice(0, 80)}"`);
    return text;
  }
}

function readReferenceKey(reader: CimXmlReader): Omit<KeyBinding, 'name'> {
  const path = readReference(reader);
  if (path.kind === 'class-path') {
    reader.wrong('a key refers to a class');
    return { type: 'reference', value: path.className };
  }
  return { type: 'reference', value: path };
}

function readKey(reader: CimXmlReader, element: string): Omit<KeyBinding, 'name'> {
  if (element === 'KEYVALUE') return readKeyValue(reader);
  if (element === 'VALUE.REFERENCE') return readReferenceKey(reader);
  return reader.invalid(`unexpected ${element}`);
}

/** INSTANCENAME. A key without KEYBINDING, the only one of its class, has the empty name. */
export function readInstanceName(reader: CimXmlReader): CimInstancePath {
  const className = cimName(reader, 'CLASSNAME');
  const keys: KeyBinding[] = [];
  for (let child = reader.child(); child !== null; child = reader.child()) {
    if (child === 'KEYBINDING') {
      const name = cimName(reader, 'NAME');
      const key = readKey(reader, reader.child() ?? reader.invalid('KEYBINDING is empty'));
      reader.end();
      keys.push(Object.freeze({ name, type: key.type, value: key.value }));
    } else {
      if (keys.length > 0) reader.invalid(`unexpected ${child}`);
      keys.push(Object.freeze({ name: '', ...readKey(reader, child) }));
    }
  }
  if (keys.length > 1) checkKeys(reader, keys);
  return Object.freeze({ kind: 'instance-path', host: null, namespace: null, className, keys: Object.freeze(keys) });
}

function checkKeys(reader: CimXmlReader, keys: readonly KeyBinding[]): void {
  if (keys[0]?.name === '') reader.invalid('more than one key without KEYBINDING');
  const names = new Set(keys.map((key) => key.name.toLowerCase()));
  if (names.size < keys.length) reader.wrong('a key twice');
}

/** CLASSNAME. */
export function readClassName(reader: CimXmlReader): string {
  const name = cimName(reader, 'NAME');
  reader.end();
  return name;
}

/** INSTANCEPATH. */
export function readInstancePath(reader: CimXmlReader): CimInstancePath {
  reader.expect('NAMESPACEPATH');
  const place = readNamespacePath(reader);
  reader.expect('INSTANCENAME');
  const path = relocate(readInstanceName(reader), place);
  reader.end();
  return path;
}

/** LOCALINSTANCEPATH. */
export function readLocalInstancePath(reader: CimXmlReader): CimInstancePath {
  reader.expect('LOCALNAMESPACEPATH');
  const namespace = readLocalNamespace(reader);
  reader.expect('INSTANCENAME');
  const path = relocate(readInstanceName(reader), { namespace });
  reader.end();
  return path;
}

/** CLASSPATH. */
export function readClassPath(reader: CimXmlReader): CimClassPath {
  reader.expect('NAMESPACEPATH');
  const place = readNamespacePath(reader);
  reader.expect('CLASSNAME');
  const path = createClassPath(readClassName(reader), place);
  reader.end();
  return path;
}

/** LOCALCLASSPATH. */
export function readLocalClassPath(reader: CimXmlReader): CimClassPath {
  reader.expect('LOCALNAMESPACEPATH');
  const namespace = readLocalNamespace(reader);
  reader.expect('CLASSNAME');
  const path = createClassPath(readClassName(reader), { namespace });
  reader.end();
  return path;
}

/** Any of the elements that name a class or an instance; undefined if the element opened is none of them. */
export function readAnyPath(reader: CimXmlReader, element: string): CimObjectPath | undefined {
  switch (element) {
    case 'INSTANCEPATH':
      return readInstancePath(reader);
    case 'LOCALINSTANCEPATH':
      return readLocalInstancePath(reader);
    case 'INSTANCENAME':
      return readInstanceName(reader);
    case 'CLASSPATH':
      return readClassPath(reader);
    case 'LOCALCLASSPATH':
      return readLocalClassPath(reader);
    case 'CLASSNAME':
      return createClassPath(readClassName(reader));
    default:
      return undefined;
  }
}

/** VALUE.REFERENCE: host and namespace as sent, null where they are not. */
export function readReference(reader: CimXmlReader): CimObjectPath {
  const element = reader.child() ?? reader.invalid('VALUE.REFERENCE is empty');
  const path = readAnyPath(reader, element) ?? reader.invalid(`unexpected ${element}`);
  reader.end();
  return path;
}
