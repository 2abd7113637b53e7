/** Namespace of policy documents. */
export const policyNamespace = 'http://www.ibm.com';

const needsEscape = /[&<>"\r]/;

/**
 * Escapes text and attribute values alike, the way the original serialises (quotes escaped in text too). A carriage return
 * becomes a reference, because readers would otherwise turn it into a line feed.
 */
export function escapePolicyText(text: string): string {
  if (!needsEscape.test(text)) return text;
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/"/g, '&quot;')
    .replace(/>/g, '&gt;')
    .replace(/\r/g, '&#13;');
}

/** The same for attribute values, where readers would also turn line feeds and tabs into blanks. */
export function escapePolicyAttribute(text: string): string {
  return escapePolicyText(text).replace(/\n/g, '&#10;').replace(/\t/g, '&#9;');
}
