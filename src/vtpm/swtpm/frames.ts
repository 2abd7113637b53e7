import { type TpmTransport, TpmTransportError } from '../../tpm/index.js';
import type { SocketExchange } from './control.js';

const headSize = 10;
const largestFrame = 8192;

function sizeOf(head: Uint8Array): number {
  const size = new DataView(head.buffer, head.byteOffset, head.length).getUint32(2);
  if (size < headSize || size > largestFrame)
    throw new TpmTransportError('tpm_protocol', `the TPM announced a response of ${size} bytes`);
  return size;
}

/** TPM frames, one at a time: the size is in the head of the response. */
export function frames(exchange: SocketExchange): TpmTransport {
  return {
    transmit(command) {
      exchange.write(command);
      return exchange.readSized(headSize, sizeOf);
    },
    close() {
      exchange.close();
      return Promise.resolve();
    },
  };
}
