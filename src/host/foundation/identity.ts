import { hostname } from 'node:os';
import type { Randomness } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import type { HostIdentity } from '../../vmm/index.js';

const key = 'host-identity';

/** Who this host is: made once, kept with its state. */
export async function openIdentity(store: Store, randomness: Randomness, name: string | null): Promise<HostIdentity> {
  const stored = store.get('vmm', key);
  if (typeof stored === 'string') return JSON.parse(stored) as HostIdentity;
  const identity: HostIdentity = { uuid: randomness.uuid(), name: name ?? hostname() };
  await store.transaction((tx) => tx.put('vmm', key, JSON.stringify(identity)));
  return identity;
}
