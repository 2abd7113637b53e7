export {
  ekHashOf,
  type HostTpm,
  type HostTpmBackend,
  hostTpmBackends,
  type HostTpmOptions,
  openHostTpm,
} from './host-tpm.js';
export { openSealingTpm } from './sealing-tpm.js';
