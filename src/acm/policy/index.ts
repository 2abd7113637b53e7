export {
  type BinaryChineseWall,
  type BinaryMatrix,
  type BinaryPolicy,
  BinaryPolicyError,
  type BinaryPolicyErrorCode,
  type BinaryTypeEnforcement,
  decodePolicyBinary,
} from './binary-decode.js';
export { encodePolicyBinary } from './binary-encode.js';
export { compareCodePoints, sortedNames } from './code-points.js';
export { defaultPolicy } from './default-policy.js';
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
export { type PolicyDigests, policyDigests } from './identity.js';
export { type LabelOrder, labelOrder } from './label-order.js';
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
export { parsePolicyJson } from './read-json.js';
export { parsePolicyXml } from './read-xml.js';
export { isValid, validatePolicy, type ValidationOptions } from './validate.js';
export { compareVersions, type PolicyVersion, policyVersion, tryPolicyVersion } from './version.js';
export { policyToJson, writePolicyJson } from './write-json.js';
export { writePolicyMap } from './write-map.js';
export { writePolicyXml } from './write-xml.js';
export { type XserrName, xserrNames, xserrNumber } from './xserr.js';
