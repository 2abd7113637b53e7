import { VmmError } from '../errors.js';
import type { Volume } from '../inventory/index.js';
import type { HostParts } from '../parts.js';

const nameForm = /^\w[\w .-]{0,63}$/;

/** A volume that is not there yet, unlabelled. @throws VmmError `invalid`, `name_in_use`; the caller holds the name */
export function emptyVolume(parts: HostParts, name: string, sizeBytes: number): Volume {
  if (!nameForm.test(name)) throw new VmmError('invalid', [`"${name}" is not a name for a volume`]);
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 512)
    throw new VmmError('invalid', [`a volume needs at least 512 bytes, got ${sizeBytes}`]);
  if (parts.inventory.volumeByResource(name) !== undefined) throw new VmmError('name_in_use', [name]);
  const uuid = parts.randomness.uuid();
  return { uuid, name, resource: parts.storage.locate(uuid), sizeBytes, used: false, erasedAt: null };
}
