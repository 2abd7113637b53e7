import {
  type CimInstancePath,
  type CimObjectPath,
  type CimValue,
  coerceUntyped,
  findByName,
  parseWbemUri,
} from '../../cim/index.js';
import type { WbemClient } from '../../client/index.js';
import { connect, type ConnectionOptions } from '../connection/index.js';
import { UsageError } from '../exit.js';

/** Options of the operations, besides those of the connection. */
export interface WbemOptions extends ConnectionOptions {
  readonly properties?: string;
  readonly assocClass?: string;
  readonly resultClass?: string;
  readonly role?: string;
  readonly resultRole?: string;
}

/** A client and the object on it: the object path may carry server, credentials and namespace, as with wbemcli. */
export interface Target {
  readonly client: WbemClient;
  readonly namespace: string;
  readonly path: CimObjectPath | null;
}

/** @throws ParseError `bad_object_path`, UsageError */
export async function targetOf(text: string | undefined, options: ConnectionOptions): Promise<Target> {
  const uri = text === undefined ? null : parseWbemUri(text);
  const credentials = uri?.user === null || uri?.user === undefined ? '' : `${uri.user}:${uri.password ?? ''}@`;
  const host = uri?.host ?? null;
  const url = host === null ? {} : { url: `${uri?.scheme ?? 'http'}://${credentials}${host}` };
  const client = await connect({ ...options, ...url });
  return { client, namespace: uri?.namespace ?? client.namespace, path: uri?.path ?? null };
}

/** @throws UsageError */
export function className(target: Target): string {
  if (target.path === null) throw new UsageError('name a class, as root/cimv2:CIM_ComputerSystem');
  return target.path.className;
}

/** @throws UsageError */
export function instancePath(target: Target): CimInstancePath {
  if (target.path === null || target.path.kind !== 'instance-path') {
    throw new UsageError('name an instance, as root/cimv2:CIM_Foo.Name="a"');
  }
  return { ...target.path, namespace: target.namespace, host: null };
}

/** @throws UsageError */
export function objectPath(target: Target): CimObjectPath {
  if (target.path === null) throw new UsageError('name an instance or a class, as root/cimv2:CIM_Foo.Name="a"');
  return { ...target.path, namespace: target.namespace, host: null };
}

/** Names given by `-p a,b`; undefined: all. */
export function namedProperties(options: WbemOptions): readonly string[] | undefined {
  return options.properties
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

export function propertyList(options: WbemOptions): { readonly propertyList?: readonly string[] } {
  const names = namedProperties(options);
  return names === undefined ? {} : { propertyList: names };
}

export function filters(options: WbemOptions) {
  const { assocClass, resultClass, role, resultRole } = options;
  return {
    ...(assocClass === undefined ? {} : { assocClass }),
    ...(resultClass === undefined ? {} : { resultClass }),
    ...(role === undefined ? {} : { role }),
    ...(resultRole === undefined ? {} : { resultRole }),
  };
}

interface Declared {
  readonly name: string;
  readonly type: Parameters<typeof coerceUntyped>[0];
  readonly isArray: boolean;
}

/** `name=value` and `name=` (an empty text); several values of one name make an array. @throws UsageError */
function assignments(words: readonly string[]): ReadonlyMap<string, string[]> {
  const out = new Map<string, string[]>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw new UsageError(`expected name=value, got "${word}"`);
    const name = word.slice(0, at);
    const values = out.get(name);
    if (values === undefined) out.set(name, [word.slice(at + 1)]);
    else values.push(word.slice(at + 1));
  }
  return out;
}

/** The values in the types that the class declares. @throws UsageError for a name that it does not have */
export function typedValues(
  words: readonly string[],
  declared: readonly Declared[],
  what: string,
): Record<string, CimValue> {
  const out: Record<string, CimValue> = {};
  for (const [name, values] of assignments(words)) {
    const element = findByName(declared, name);
    if (element === undefined) throw new UsageError(`${what} has no ${name}`);
    const [first = ''] = values;
    if (!element.isArray && values.length > 1) throw new UsageError(`${name} takes one value, got ${values.length}`);
    out[element.name] = coerceUntyped(element.type, element.isArray, element.isArray ? values : first);
  }
  return out;
}
