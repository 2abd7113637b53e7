const secretName = '[^"&]*(?:password|passphrase|secret|credentials?|privatekey)[^"&]*';
const elements = 'PARAMVALUE|IPARAMVALUE|PROPERTY\\.ARRAY|PROPERTY|KEYBINDING';
// As an element, and as an element of an embedded object, whose markup is escaped.
const openTags = new RegExp(
  `<(${elements})\\b[^<>]*?\\bNAME="${secretName}"[^<>]*>|&lt;(${elements})\\b(?:(?!&[lg]t;)[^<>])*?\\bNAME=(?:"|&quot;)${secretName}(?:"|&quot;)(?:(?!&[lg]t;)[^<>])*?&gt;`,
  'gi',
);

/** What stands in place of a secret. */
const redacted = 'redacted';

/**
 * CIM-XML without the values of parameters, properties and keys whose names speak of passwords, secrets or private keys, in
 * embedded objects too. The rest is as it was.
 */
export function redactXml(text: string): string {
  let out = '';
  let from = 0;
  openTags.lastIndex = 0;
  for (let match = openTags.exec(text); match !== null; match = openTags.exec(text)) {
    const [tag, plain, escaped] = match;
    if (tag.endsWith('/>') || tag.endsWith('/&gt;')) continue;
    const close = plain === undefined ? `&lt;/${escaped ?? ''}` : `</${plain}`;
    const inside = match.index + tag.length;
    const end = text.indexOf(close, inside);
    const value = plain === undefined ? `&lt;VALUE&gt;${redacted}&lt;/VALUE&gt;` : `<VALUE>${redacted}</VALUE>`;
    out += text.slice(from, inside) + value;
    // Without its end the rest may be the secret.
    if (end < 0) return out;
    from = end;
    openTags.lastIndex = end;
  }
  return out + text.slice(from);
}

const secretHeaders = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'authentication-info']);

export function redactHeader(name: string, value: string): string {
  return secretHeaders.has(name.toLowerCase()) ? redacted : value;
}
