export { measurementFile, parsePcrValues } from './files.js';
export type { EvidenceFiles } from './evidence-files.js';
export { type OfflineVerdict, verifyEvidenceFiles } from './verify-files.js';
export { type BundleOptions, type BundleVerdict, verifyEvidenceBundle } from './verify-bundle.js';
