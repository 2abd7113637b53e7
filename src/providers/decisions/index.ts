export { decisionProviders } from './decisions.js';
