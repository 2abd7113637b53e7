export * from './certificates/index.js';
export { VtpmError, type VtpmErrorCode } from './errors.js';
export {
  ekHashOf,
  type HostTpm,
  type HostTpmBackend,
  hostTpmBackends,
  type HostTpmOptions,
  openHostTpm,
  openSealingTpm,
} from './host/index.js';
export type { KeyKind, TpmKeys } from './identity.js';
export * from './instances/index.js';
export { type ServedTpm, serveSoftwareTpm, type ServeSoftwareTpmOptions } from './serve/index.js';
export {
  acceptStates,
  defaultSealPcrs,
  openStateProtection,
  readSealedKey,
  type StateProtection,
  type StateProtectionOptions,
} from './state/index.js';
export { createSoftwareTpm, type SoftwareTpm, type SoftwareTpmOptions } from './software/index.js';
export { openTcpTransport, swtpmAvailable } from './swtpm/index.js';
