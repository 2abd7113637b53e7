import { open } from 'node:fs/promises';
import { messageOf } from '../base/index.js';
import { TpmTransportError } from './errors.js';
import { createCommandQueue } from './queue.js';
import type { TpmTransport } from './transport.js';

/** Largest response of a TPM 2.0. */
const responseSize = 4096;

/**
 * A TPM behind a character device of the kernel, by default its resource manager.
 * @throws TpmTransportError `tpm_unavailable` when the device is absent or not ours to open
 */
export async function openDeviceTransport(path = '/dev/tpmrm0'): Promise<TpmTransport> {
  const file = await open(path, 'r+').catch((cause: unknown) => {
    throw new TpmTransportError('tpm_unavailable', `cannot open ${path}: ${messageOf(cause)}`, { cause });
  });
  return createCommandQueue({
    // The device answers one write with one read; a null position keeps libuv from seeking.
    async transmit(command) {
      await file.write(command, 0, command.length, null);
      const buffer = new Uint8Array(responseSize);
      const { bytesRead } = await file.read(buffer, 0, responseSize, null);
      return buffer.subarray(0, bytesRead);
    },
    close: () => file.close(),
  });
}
