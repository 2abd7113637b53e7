import { isXmlCharacter } from './characters.js';

const named: Readonly<Record<string, string | undefined>> = {
  __proto__: null as never,
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

// The longest legal reference is &#x10FFFF; but leading zeros may stand before it.
const longestReference = 31;

function decodeReference(body: string): string | undefined {
  if (!body.startsWith('#')) return named[body];
  const hexadecimal = body[1] === 'x';
  const digits = body.slice(hexadecimal ? 2 : 1);
  if (!(hexadecimal ? /^[0-9a-fA-F]+$/ : /^[0-9]+$/).test(digits)) return undefined;
  const code = Number.parseInt(digits, hexadecimal ? 16 : 10);
  return isXmlCharacter(code) ? String.fromCodePoint(code) : undefined;
}

/**
 * Replaces the five named entities and character references.
 * @param refuse called with the offset of a reference that is none
 */
export function decodeReferences(text: string, refuse: (offset: number) => never): string {
  let out = '';
  let from = 0;
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', from)) {
    const end = text.indexOf(';', at);
    const character = end < 0 || end - at > longestReference ? undefined : decodeReference(text.slice(at + 1, end));
    if (character === undefined) return refuse(at);
    out += text.slice(from, at) + character;
    from = end + 1;
  }
  return out + text.slice(from);
}
