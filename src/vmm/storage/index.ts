export type { StorageDriver } from './driver.js';
export { createEmbeddedStorage } from './embedded/driver.js';
