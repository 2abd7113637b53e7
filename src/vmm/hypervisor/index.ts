export type { DomainSpec, HostCapacity, HypervisorDriver } from './driver.js';
export { createEmbeddedHypervisor } from './embedded/driver.js';
