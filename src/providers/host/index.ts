export { hostProviders } from './host.js';
export { serviceAssociations } from './services.js';
