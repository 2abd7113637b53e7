import { parseNamespace } from '../model/index.js';
import type { Cursor } from './cursor.js';

/** What stands between `//` and the next slash. */
export interface Authority {
  readonly user: string | null;
  readonly password: string | null;
  /** Host with its port, as written; null where nothing stands (`///root/cimv2`). */
  readonly host: string | null;
}

const authorityHere = /[^/"=,]*/y;
const hostForm = /^(?:\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?\]|[^:@[\]\s]+)(?::[0-9]{1,5})?$/;
const namespaceHere = /[^:."=,\s]*:/y;

/** Reads `[user[:password]@]host[:port]` and leaves the slash. The last `@` ends the credentials, which are taken raw. */
export function readAuthority(cursor: Cursor): Authority {
  const start = cursor.at;
  let text = cursor.match(authorityHere) ?? '';
  let user: string | null = null;
  let password: string | null = null;
  const at = text.lastIndexOf('@');
  if (at >= 0) {
    const credentials = text.slice(0, at);
    const colon = credentials.indexOf(':');
    user = colon < 0 ? credentials : credentials.slice(0, colon);
    password = colon < 0 ? null : credentials.slice(colon + 1);
    text = text.slice(at + 1);
  }
  if (text === '' && at < 0) return { user, password, host: null };
  if (!hostForm.test(text)) throw cursor.fail('expected host or host:port', start + at + 1);
  return { user, password, host: text };
}

/** Reads `[/]namespace:`; null where none stands. A leading slash before the class (`/:C`, `/C`) is allowed. */
export function readNamespace(cursor: Cursor): string | null {
  const start = cursor.at;
  const found = cursor.match(namespaceHere);
  if (found === null) {
    cursor.skip('/');
    return null;
  }
  const text = found.slice(0, -1);
  if (/^\/*$/.test(text)) return null;
  if (
    !text
      .replace(/^\/+|\/+$/g, '')
      .split('/')
      .every((part) => part !== '')
  ) {
    throw cursor.fail(`expected a namespace, got "${text}"`, start);
  }
  return parseNamespace(text);
}
