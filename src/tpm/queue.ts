import { TpmTransportError } from './errors.js';
import type { TpmTransport } from './transport.js';

/** Lets one command at a time through to a transport that cannot take more, in the order of the calls. */
export function createCommandQueue(transport: TpmTransport): TpmTransport {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let closed = false;
  const done = (): void => {
    waiting--;
  };
  return {
    transmit(command) {
      if (closed) return Promise.reject(new TpmTransportError('tpm_closed', 'the TPM is closed'));
      const start = (): Promise<Uint8Array> => transport.transmit(command);
      // Nearly always nobody waits: then the command goes out at once.
      const next = waiting === 0 ? start() : last.then(start, start);
      waiting++;
      next.then(done, done);
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
