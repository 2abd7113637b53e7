export { defaultPolicies, hostReferences, workloadReferences } from './policies.js';
export type { AttestedHost } from './rounds.js';
export { openVerifierHost, type VerifierHost, type VerifierHostOptions } from './verifier-host.js';
