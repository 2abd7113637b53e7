export { openKeyFile, readKeyFile, stateKeySize } from './key-file.js';
export { ProtectedRows } from './protected-rows.js';
export {
  acceptStates,
  type AcceptOptions,
  openStateProtection,
  readSealedKey,
  type StateProtection,
  type StateProtectionOptions,
} from './protection.js';
export { defaultSealPcrs } from './sealed-key.js';
export { createSealer, type Sealer } from './sealer.js';
export { writeStateFile } from './state-file.js';
export { createStateVault, type SequenceRows, type StateImage, type StateVault } from './vault.js';
