import { type CimObjectPath, parseNamespace } from '../model/index.js';
import { Cursor } from './cursor.js';
import { readAuthority, readNamespace } from './location.js';
import { readModelPath } from './object-path.js';

/** A server, a namespace on it, or an object in that, as one text. What is not there is null. */
export interface WbemUri {
  readonly scheme: 'http' | 'https' | null;
  readonly user: string | null;
  readonly password: string | null;
  /** Host with its port, as written. */
  readonly host: string | null;
  readonly namespace: string | null;
  readonly path: CimObjectPath | null;
}

const schemeHere = /[A-Za-z][A-Za-z0-9.+-]*:(?=\/\/)/y;
const schemes: ReadonlyMap<string, 'http' | 'https'> = new Map([
  ['http', 'http'],
  ['https', 'https'],
  ['cimxml.wbem', 'http'],
  ['cimxml.wbems', 'https'],
]);

function readScheme(cursor: Cursor): 'http' | 'https' | null {
  const found = cursor.match(schemeHere);
  if (found === null) return null;
  const scheme = schemes.get(found.slice(0, -1).toLowerCase());
  if (scheme === undefined) throw cursor.fail(`expected http or https, got "${found.slice(0, -1)}"`, 0);
  return scheme;
}

/**
 * Reads what wbemcli takes as its object path: `http://user:pw@host:port/ns:Class.key=value`, down to a mere server or
 * namespace, and every spelling of {@link parseObjectPath}. Credentials are not percent-decoded, as with wbemcli.
 * @throws ParseError `bad_object_path` with the column
 */
export function parseWbemUri(text: string): WbemUri {
  const cursor = new Cursor(text);
  const scheme = readScheme(cursor);
  const authority = cursor.skip('//') ? readAuthority(cursor) : { user: null, password: null, host: null };
  const rest = text.slice(cursor.at);
  const names = /[:.=]/.test(rest) || (authority.host === null && !rest.includes('/') && rest !== '');
  if (!names) {
    const trimmed = rest.replace(/^\/+|\/+$/g, '');
    return { scheme, ...authority, namespace: trimmed === '' ? null : parseNamespace(trimmed), path: null };
  }
  const namespace = readNamespace(cursor);
  const path = cursor.done
    ? null
    : readModelPath(cursor, { host: authority.host, namespace }, { references: 'guess', depth: 0 });
  return { scheme, ...authority, namespace, path };
}
