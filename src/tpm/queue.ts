import { TpmTransportError } from './errors.js';
import type { TpmTransport } from './transport.js';

/** Lets one command at a time through to a transport that cannot take more, in the order of the calls. */
export function createCommandQueue(transport: TpmTransport): TpmTransport {
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  return {
    transmit(command) {
      if (closed) return Promise.reject(new TpmTransportError('tpm_closed', 'the TPM is closed'));
      const next = last.then(
        () => transport.transmit(command),
        () => transport.transmit(command),
      );
      last = next;
      return next;
    },
    async close() {
      if (closed) return;
      closed = true;
      await last.catch(() => undefined);
      await transport.close();
    },
  };
}
