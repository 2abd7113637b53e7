export type { PoweredTpm, PowerOptions, VtpmDriver } from './driver.js';
export { createSoftwareDriver, type SoftwareDriverOptions } from './software-driver.js';
