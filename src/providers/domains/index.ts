export { domainProviders } from './domains.js';
