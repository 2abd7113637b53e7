export { decisionId, decisionProviders } from './decisions.js';
