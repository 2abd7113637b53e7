// Where things stand in the store's area `outbox`.
import { hash } from '../../../base/index.js';
import { type CimInstancePath, instanceIdentity } from '../../../cim/model/index.js';

export const area = 'outbox';

export const settingsKey = 'settings';

/** Short name of an instance, the same for every spelling of its path. */
export function shortName(path: CimInstancePath): string {
  const digest = hash('sha256', Buffer.from(instanceIdentity(path)));
  return Buffer.from(digest.buffer, digest.byteOffset, 16).toString('base64url');
}

/** Series of numbers and count of a destination. */
export const destinationKey = (destination: string): string => `d/${destination}`;
/** Owner of a subscription. */
export const subscriptionKey = (subscription: string): string => `s/${subscription}`;
/** Owner of a filter or destination. */
export const ownerKey = (element: string): string => `o/${element}`;
export const queuePrefix = (destination: string): string => `q/${destination}/`;
export const queueKey = (destination: string, sequence: number): string =>
  `q/${destination}/${String(sequence).padStart(16, '0')}`;
