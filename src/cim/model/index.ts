export {
  type CimClass,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  findByName,
  hasQualifier,
  isAbstract,
  isAssociation,
  isIndication,
  isKey,
  keyProperties,
  qualifierValue,
} from './class.js';
export { CimDateTime } from './datetime.js';
export { freezeDeep } from './freeze.js';
export {
  CimInstance,
  createInstance,
  type InstanceProperty,
  InstanceShape,
  pathFromValues,
  type PropertyShape,
  shapeOf,
} from './instance.js';
export { coerceKey, coerceUntyped, formatScalar, parseScalar } from './lexical.js';
export { foldName, isCimName, parseNamespace, sameName } from './names.js';
export {
  type CimClassPath,
  type CimInstancePath,
  type CimObjectPath,
  createClassPath,
  createInstancePath,
  instanceIdentity,
  type KeyBinding,
  keyOf,
  type KeyValue,
  type Location,
  relocate,
  samePath,
  stringKey,
} from './path.js';
export {
  type CimQualifier,
  type CimQualifierType,
  defaultFlavor,
  type QualifierFlavor,
  type QualifierScope,
  qualifierScopes,
} from './qualifier.js';
export { type CimType, cimTypes, type EmbeddedKind, integerRanges, isCimType } from './types.js';
export { type CimArray, type CimScalar, type CimValue, isCimArray } from './value.js';
