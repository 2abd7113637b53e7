export { formatImaEntry, parseImaAscii } from './ascii.js';
export { bootAggregate, bootAggregateName } from './boot-aggregate.js';
export { encodeImaData, encodeImaEntry, imaDigest, type ImaInput, imaName } from './encode.js';
export { ImaEntry, violationDigests, violationOctets } from './entry.js';
export {
  decodeImaFields,
  type ImaDigest,
  imaDigestPlace,
  type ImaDigestPlace,
  type ImaFieldVisitor,
  type ImaMeasurement,
  imaPath,
  scanImaFields,
} from './fields.js';
export {
  createImaLog,
  type ImaExtension,
  type ImaLog,
  type ImaLogOptions,
  imaLogPart,
  type ImaLogPart,
} from './log.js';
export { decodeImaLog, defaultImaLimits, type ImaLimits, ImaReader } from './read.js';
export {
  type BankValues,
  ImaReplay,
  PcrRegister,
  replayImaLog,
  replayImaLogInSlices,
  type ReplayOptions,
  type ReplayResult,
} from './replay.js';
export { type ImaFieldName, imaFieldNames, imaTemplateFields, imaTemplates } from './template.js';
