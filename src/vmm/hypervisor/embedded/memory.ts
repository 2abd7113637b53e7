import { z } from 'zod';
import { VmmError } from '../../errors.js';

const form = z.object({
  format: z.literal('tvdc-embedded-memory-1'),
  uuid: z.string(),
  disks: z.array(z.string()),
  memory: z.string(),
});

/** What a domain of the embedded hypervisor is made of, on its way to another host. */
export interface EmbeddedMemory {
  readonly uuid: string;
  /** Identifiers of the disks that it has open. */
  readonly disks: readonly string[];
  readonly memory: string;
}

export function encodeMemory(memory: EmbeddedMemory): Uint8Array {
  return new Uint8Array(Buffer.from(JSON.stringify({ format: 'tvdc-embedded-memory-1', ...memory })));
}

/** @throws VmmError `driver_failed` */
export function decodeMemory(octets: Uint8Array): EmbeddedMemory {
  try {
    return form.parse(JSON.parse(Buffer.from(octets).toString('utf8')));
  } catch (cause) {
    throw new VmmError('driver_failed', ['the memory of a domain that came cannot be read'], { cause });
  }
}
