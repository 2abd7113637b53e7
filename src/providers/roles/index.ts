export { roleProviders } from './roles.js';
