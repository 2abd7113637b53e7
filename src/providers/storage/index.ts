export { storageProviders } from './storage.js';
