import { type TpmTransport, TpmTransportError } from '../../tpm/index.js';
import type { SocketExchange } from './control.js';

/** TPM frames: the size is in the head of the response. */
export function frames(exchange: SocketExchange): TpmTransport {
  return {
    async transmit(command) {
      exchange.write(command);
      const head = await exchange.read(10);
      const size = Buffer.from(head).readUInt32BE(2);
      if (size < 10 || size > 8192)
        throw new TpmTransportError('tpm_protocol', `the TPM announced a response of ${size} bytes`);
      const body = await exchange.read(size - 10);
      const response = new Uint8Array(size);
      response.set(head);
      response.set(body, 10);
      return response;
    },
    close() {
      exchange.close();
      return Promise.resolve();
    },
  };
}
