import { hkdfSync } from 'node:crypto';
import { ByteReader } from '../../base/index.js';
import { nvAttributes, type TpmClient, TpmError } from '../../tpm/index.js';
import { VtpmError } from '../errors.js';

/** Indices that an owner may use as he likes (TCG Registry of Reserved TPM 2.0 Handles, 2.2.2); ours begin here. */
const firstIndex = 0x01803000;
const mostIndices = 256;

const attributes = nvAttributes.authWrite | nvAttributes.authRead | nvAttributes.ownerRead | nvAttributes.noDa;

/** A number in the TPM of the host that never goes back, not even when its index is deleted and made again. */
export interface NvCounter {
  readonly index: number;
  /** @throws VtpmError `vtpm_rolled_back` when it is gone */
  read(): Promise<number>;
  increment(): Promise<void>;
  remove(): Promise<void>;
}

/** Whoever can count it up needs the key: otherwise anybody at the TPM could make states look old. */
function authOf(key: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, '', 'tvdc-vtpm-counter-1', 32));
}

export function openNvCounter(client: TpmClient, index: number, key: Uint8Array): NvCounter {
  const auth = authOf(key);
  return {
    index,
    async read() {
      try {
        return Number(new ByteReader(await client.nvRead(index, { auth })).u64());
      } catch (cause) {
        if (!(cause instanceof TpmError)) throw cause;
        const name = `0x${index.toString(16)}`;
        throw new VtpmError('vtpm_rolled_back', `the counter ${name} of the TPM cannot be read: ${cause.message}`, {
          cause,
        });
      }
    },
    increment: () => client.nvIncrement(index, { auth }),
    remove: () => client.nvUndefine(index),
  };
}

/** Makes a counter at the first free index and counts once, which gives it a value. */
export async function createNvCounter(client: TpmClient, key: Uint8Array): Promise<NvCounter> {
  const used = new Set(await client.handles(firstIndex));
  for (let index = firstIndex; index < firstIndex + mostIndices; index++) {
    if (used.has(index)) continue;
    await client.nvDefine({ index, size: 8, type: 'counter', attributes, indexAuth: authOf(key) });
    const counter = openNvCounter(client, index, key);
    await counter.increment();
    return counter;
  }
  throw new VtpmError('vtpm_backend_unavailable', 'the TPM of the host has no free index for a counter');
}
