export {
  checkClass,
  checkCreateClass,
  checkDeleteClass,
  checkModifyClass,
  type PopulationTest,
} from './class-rules.js';
export { coerceInstance, type CoerceOptions, coerceValue, type EmbeddedDecoder, type ValueTarget } from './coerce.js';
export { type ClassCut, cutClass } from './cut.js';
export { checkInstance, type InstanceCheckOptions, type InstancePurpose } from './instance-rules.js';
export { textOfProperty, withPropertyTexts } from './instance-texts.js';
export { keysOfClass, normalizePath } from './path.js';
export { checkQualifierType } from './qualifier-rules.js';
export { embeddedKind, resolveClass } from './resolve.js';
export { describeType, describeValue, isScalarOf, isValueOf, toIntegerOf } from './scalar.js';
export { createSchema, type Schema } from './schema.js';
export { createMemorySource, type MemorySource, type QualifierTypes, type SchemaSource } from './source.js';
export { valueMapOf, type ValueMapEntry, type ValueMapping } from './value-map.js';
export { ClassViolation } from './violation.js';
