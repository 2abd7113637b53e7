export { type ActionRecord, carryOut, criticalityOf } from './actions.js';
export { type LocalVerifier, openLocalVerifier } from './local.js';
export { defaultPolicies, hostReferences, parsePolicies, workloadReferences } from './policies.js';
export { defaultPushLimits, type PushLimits } from './pushes.js';
export type { AttestedHost } from './rounds.js';
export { changesBetween, type Snapshot, type SubjectChange } from './snapshot.js';
export { readAnchors, rootOf, saveAnchor, storedAnchors } from './trust-anchors.js';
export { openVerifierHost, type VerifierHost, type VerifierHostOptions } from './verifier-host.js';
