export { type BlastRadius, blastRadius } from './blast-radius.js';
export { type LabelMatrix, labelMatrix, type MatrixLabel } from './label-matrix.js';
export { diffPolicies, type PolicyDifference } from './policy-diff.js';
