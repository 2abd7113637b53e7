export type { DomainSpec, HypervisorDriver } from './driver.js';
export { createEmbeddedHypervisor } from './embedded/driver.js';
