import { escapeAttribute, escapeText } from '../../xml/index.js';
import {
  type CimInstancePath,
  type CimObjectPath,
  type CimType,
  formatScalar,
  type KeyBinding,
  type KeyValue,
} from '../model/index.js';

type ValueType = 'string' | 'boolean' | 'numeric';

function valueTypeOf(type: CimType): ValueType {
  switch (type) {
    case 'string':
    case 'char16':
    case 'datetime':
    case 'reference':
      return 'string';
    case 'boolean':
      return 'boolean';
    default:
      return 'numeric';
  }
}

/** The type written for a key whose type nobody said: TYPE is required since DTD 2.4. */
function guessType(value: Exclude<KeyValue, CimInstancePath>): CimType {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return 'real64';
  return value < 0n ? 'sint64' : 'uint64';
}

function keyText(value: Exclude<KeyValue, CimInstancePath>): string {
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'bigint') return value.toString();
  return typeof value === 'boolean' ? formatScalar('boolean', value) : formatScalar('real64', value);
}

function keyValueElement(type: CimType | null, value: KeyValue): string {
  if (typeof value === 'object') return referenceElement(value);
  const known = type ?? guessType(value);
  return `<KEYVALUE VALUETYPE="${valueTypeOf(known)}" TYPE="${known}">${keyText(value)}</KEYVALUE>`;
}

const mostRemembered = 5000;

/** Writes `<ELEMENT NAME="…">` for names that come again and again. */
function createOpening(prefix: string, suffix: string): (name: string) => string {
  const texts = new Map<string, string>();
  return (name) => {
    let text = texts.get(name);
    if (text === undefined) {
      text = `${prefix}${escapeAttribute(name)}${suffix}`;
      if (texts.size >= mostRemembered) texts.clear();
      texts.set(name, text);
    }
    return text;
  };
}

const keyBinding = createOpening('<KEYBINDING NAME="', '">');
const instanceName = createOpening('<INSTANCENAME CLASSNAME="', '">');
const className = createOpening('<CLASSNAME NAME="', '"/>');
const namespacePart = createOpening('<NAMESPACE NAME="', '"/>');

function keyElement(key: KeyBinding): string {
  const value = keyValueElement(key.type, key.value);
  // A key without name is the only key of its class (DSP0201, INSTANCENAME).
  if (key.name === '') return value;
  return `${keyBinding(key.name)}${value}</KEYBINDING>`;
}

/** INSTANCENAME: class and keys, without place. */
export function instanceNameElement(path: CimInstancePath): string {
  let text = instanceName(path.className);
  for (const key of path.keys) text += keyElement(key);
  return `${text}</INSTANCENAME>`;
}

/** CLASSNAME. */
export function classNameElement(name: string): string {
  return className(name);
}

const localNamespaces = new Map<string, string>();

/** LOCALNAMESPACEPATH: one NAMESPACE for each part of the name. */
export function localNamespaceElement(namespace: string): string {
  let text = localNamespaces.get(namespace);
  if (text === undefined) {
    text = `<LOCALNAMESPACEPATH>${namespace.split('/').map(namespacePart).join('')}</LOCALNAMESPACEPATH>`;
    if (localNamespaces.size >= mostRemembered) localNamespaces.clear();
    localNamespaces.set(namespace, text);
  }
  return text;
}

/** NAMESPACEPATH: host and namespace. */
export function namespaceElement(host: string, namespace: string): string {
  return `<NAMESPACEPATH><HOST>${escapeText(host)}</HOST>${localNamespaceElement(namespace)}</NAMESPACEPATH>`;
}

/** Where paths are that do not say it themselves. */
export interface Place {
  readonly host: string;
  readonly namespace: string;
}

/** INSTANCEPATH or CLASSPATH, with what the path lacks taken from the place. */
export function fullPathElement(path: CimObjectPath, place: Place): string {
  const at = namespaceElement(path.host ?? place.host, path.namespace ?? place.namespace);
  return path.kind === 'instance-path'
    ? `<INSTANCEPATH>${at}${instanceNameElement(path)}</INSTANCEPATH>`
    : `<CLASSPATH>${at}${classNameElement(path.className)}</CLASSPATH>`;
}

/** LOCALINSTANCEPATH or LOCALCLASSPATH. */
export function localPathElement(path: CimObjectPath, namespace: string): string {
  const at = localNamespaceElement(path.namespace ?? namespace);
  return path.kind === 'instance-path'
    ? `<LOCALINSTANCEPATH>${at}${instanceNameElement(path)}</LOCALINSTANCEPATH>`
    : `<LOCALCLASSPATH>${at}${classNameElement(path.className)}</LOCALCLASSPATH>`;
}

/** VALUE.REFERENCE: the path as full as it is, nothing added. */
export function referenceElement(path: CimObjectPath): string {
  let inner: string;
  if (path.namespace === null) {
    inner = path.kind === 'instance-path' ? instanceNameElement(path) : classNameElement(path.className);
  } else if (path.host === null) {
    inner = localPathElement(path, path.namespace);
  } else {
    inner = fullPathElement(path, { host: path.host, namespace: path.namespace });
  }
  return `<VALUE.REFERENCE>${inner}</VALUE.REFERENCE>`;
}
