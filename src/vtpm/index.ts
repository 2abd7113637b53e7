export * from './certificates/index.js';
export { VtpmError, type VtpmErrorCode } from './errors.js';
export * from './instances/index.js';
export { createSoftwareTpm, type SoftwareTpm, type SoftwareTpmOptions } from './software/index.js';
export { swtpmAvailable } from './swtpm/index.js';
