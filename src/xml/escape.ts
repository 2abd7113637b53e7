import { findForbidden } from './characters.js';
import { XmlCharacterError } from './errors.js';

const inText = /[&<>\r]/;
const inAttribute = /[&<>"\t\n\r]/;
const suspicious = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/;

const replacements: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

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
  if (suspicious.test(text)) refuseForbidden(text);
  return inText.test(text) ? text.replace(/[&<>\r]/g, (char) => replacements[char] as string) : text;
}

/** Text for an attribute value in double quotes. @throws XmlCharacterError `xml_character` */
export function escapeAttribute(text: string): string {
  if (suspicious.test(text)) refuseForbidden(text);
  return inAttribute.test(text) ? text.replace(/[&<>"\t\n\r]/g, (char) => replacements[char] as string) : text;
}
