export { type ProviderFile, readProviderFile } from './read.js';
export { openProviderFiles, type ProviderFiles } from './open.js';
