export {
  algorithmName,
  curveName,
  type EccCurve,
  eccCurves,
  hashOfId,
  type TpmAlgorithm,
  tpmAlgorithms,
} from './algorithms.js';
export {
  nvAttributes,
  type NvType,
  nvTypes,
  type ObjectAttribute,
  objectAttributes,
  sessionAttributes,
} from './attributes.js';
export { commandName, type TpmCommand, type TpmCommandFacts, tpmCommands } from './commands.js';
export {
  certificateIndices,
  handleTypes,
  hierarchies,
  type Hierarchy,
  persistentHandles,
  tpmHandles,
} from './handles.js';
export {
  explainResponseCode,
  legacyResponseCodes,
  placedResponseCodes,
  plainResponseCodes,
  type ResponseSubject,
  type TpmResponseCodeName,
} from './response-codes.js';
export { capabilities, generatedValue, structureTags, tpmProperties } from './tags.js';
