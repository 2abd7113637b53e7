import { findForbidden } from './characters.js';
import { XmlCharacterError } from './errors.js';

const specialInText = /[\u0000-\u0008\u000b-\u001f&<>\ud800-\udfff\ufffe\uffff]/;
const specialInAttribute = /[\u0000-\u001f&<>"\ud800-\udfff\ufffe\uffff]/;
const suspicious = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/;

const inText: readonly (string | undefined)[] = replacements({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' });
const inAttribute: readonly (string | undefined)[] = replacements({
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
});

/** By ASCII code, as far as the last character that is replaced. */
function replacements(of: Readonly<Record<string, string>>): readonly (string | undefined)[] {
  return Array.from({ length: '>'.charCodeAt(0) + 1 }, (_, code) => of[String.fromCharCode(code)]);
}

// Several times faster than a replacement by regular expression and function.
function replaced(text: string, by: readonly (string | undefined)[]): string {
  let out = '';
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const replacement = code < by.length ? by[code] : undefined;
    if (replacement === undefined) continue;
    out += text.slice(from, at) + replacement;
    from = at + 1;
  }
  return out + text.slice(from);
}

function refuseForbidden(text: string): void {
  const at = findForbidden(text);
  if (at < 0) return;
  const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0');
  throw new XmlCharacterError('xml_character', `XML cannot carry U+${code} (character ${at + 1})`);
}

/**
 * Text for element content. Only named entities are written, for readers that know no numeric references; a carriage
 * return, which a reader would otherwise turn into a line feed, becomes `&#13;`.
 * @throws XmlCharacterError `xml_character`
 */
export function escapeText(text: string): string {
  if (!specialInText.test(text)) return text;
  if (suspicious.test(text)) refuseForbidden(text);
  return replaced(text, inText);
}

/** Text for an attribute value in double quotes. @throws XmlCharacterError `xml_character` */
export function escapeAttribute(text: string): string {
  if (!specialInAttribute.test(text)) return text;
  if (suspicious.test(text)) refuseForbidden(text);
  return replaced(text, inAttribute);
}
