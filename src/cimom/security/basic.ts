/** Name and secret of a Basic header (RFC 7617). */
export interface BasicCredentials {
  readonly user: string;
  readonly secret: string;
}

const form = /^basic +([A-Za-z0-9+/]+={0,2})\s*$/i;
const longestHeader = 4096;

/** Reads the value of an Authorization header; null where it is not well-formed Basic. */
export function tryParseBasic(header: string): BasicCredentials | null {
  if (header.length > longestHeader) return null;
  const encoded = form.exec(header)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return null;
  return { user: text.slice(0, colon), secret: text.slice(colon + 1) };
}

/** Value of the Authorization header for a name and a secret. */
export function formatBasic({ user, secret }: BasicCredentials): string {
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
}
