import type { CimInstance } from '../../../cim/model/index.js';
import { CimError } from '../../../cim/operations/index.js';

/** Longest URL, in characters. */
const longestUrl = 2_048;

/** Address of a listener in one form. @throws CimError 4 it is not an http or https URL without credentials */
export function parseDestination(text: string): string {
  const url = text.length <= longestUrl && URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new CimError(4, `Destination must be an http or https URL, got "${text.slice(0, 80)}"`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new CimError(4, 'Destination must not carry a user or password: everybody who may read it would see them');
  }
  if (url.hash !== '') throw new CimError(4, 'Destination must not have a fragment');
  return text;
}

/** Address of a destination. @throws CimError 4, and 2 where `allow` refuses */
export function checkDestination(
  destination: CimInstance,
  user: string,
  allow: ((url: string, user: string) => boolean) | undefined,
): string {
  const url = parseDestination(destination.getString('Destination') ?? '');
  if (allow?.(url, user) === false) throw new CimError(2, `indications may not be sent to ${url}`);
  return url;
}
