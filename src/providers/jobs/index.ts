export { jobProviders } from './jobs.js';
export { jobNotice } from './values.js';
