export type { EraseWatch, StorageDriver } from './driver.js';
export { createEmbeddedStorage } from './embedded/driver.js';
