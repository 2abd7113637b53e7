export { activateCredential } from './activate.js';
export * from './client/index.js';
export * from './constants/index.js';
export { openDeviceTransport } from './device.js';
export {
  TpmError,
  TpmEvidenceError,
  type TpmEvidenceErrorCode,
  TpmTransportError,
  type TpmTransportErrorCode,
} from './errors.js';
export * from './evidence/index.js';
export { extendEvents, type ExtendedEvent } from './measure.js';
export { createCommandQueue } from './queue.js';
export * from './structures/index.js';
export type { TpmTransport } from './transport.js';
export * from './v12/index.js';
