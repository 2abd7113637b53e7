export { type SamplePolicies, samplePolicies } from './sample-policies.js';
