export type { PoweredTpm, PowerOptions, StateImage, VtpmDriver } from './driver.js';
export { createSealer, openKeyFile, type Sealer } from './sealer.js';
export { createSoftwareDriver, type SoftwareDriverOptions } from './software-driver.js';
export { writeStateFile } from './state-file.js';
