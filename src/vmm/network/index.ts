export type { NetworkDriver } from './driver.js';
export { createEmbeddedNetwork } from './embedded/driver.js';
