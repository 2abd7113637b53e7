import { vlanResource } from '../inventory/index.js';
import type { HostParts } from '../parts.js';

// Everybody takes names first, then virtual machines, volumes, VLANs, and each kind in order: nobody waits in a circle.

function lockAll<T>(parts: HostParts, keys: readonly string[], work: () => Promise<T>): Promise<T> {
  const [first, ...rest] = [...new Set(keys)].sort();
  if (first === undefined) return work();
  return parts.locks.run(first, () => lockAll(parts, rest, work));
}

/** Holds the name of a virtual machine or of a volume that is to be made. */
export function lockName<T>(
  parts: HostParts,
  kind: 'vm' | 'volume' | 'domain',
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  return parts.locks.run(`name/${kind}/${name}`, work);
}

/** Holds the name of a virtual machine that is to be made, and those of the volumes that come with it. */
export function lockNames<T>(
  parts: HostParts,
  vm: string,
  volumes: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const keys = volumes.map((name) => `name/volume/${name}`);
  return lockName(parts, 'vm', vm, () => lockAll(parts, keys, work));
}

/** Holds volumes (UUIDs) and VLANs (numbers) while their use changes. */
export function lockDevices<T>(
  parts: HostParts,
  volumes: readonly string[],
  vlans: readonly number[],
  work: () => Promise<T>,
): Promise<T> {
  return lockAll(parts, volumes, () => lockAll(parts, vlans.map(vlanResource), work));
}
