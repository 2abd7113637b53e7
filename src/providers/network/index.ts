export { networkProviders } from './network.js';
