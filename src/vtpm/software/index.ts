export { createSoftwareTpm, type SoftwareTpm, type SoftwareTpmOptions } from './software-tpm.js';
