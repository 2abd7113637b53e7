export {
  type ConflictSet,
  createPolicy,
  type PolicyDocument,
  type PolicyHeader,
  type PolicyReference,
  type ResourceLabel,
  type VmLabel,
} from './document.js';
export { type Finding, PolicyFormatError, type Position } from './finding.js';
export { type PolicyMode, policyModes } from './mode.js';
export {
  defaultPolicyName,
  domainZero,
  formatLabel,
  inaccessibleName,
  type LabelText,
  nullLabelName,
  tryParseLabel,
  unlabeledName,
} from './names.js';
export { compareVersions, type PolicyVersion, policyVersion, tryPolicyVersion } from './version.js';
export { type XserrName, xserrNames, xserrNumber } from './xserr.js';
