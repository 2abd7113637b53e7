export { EntryCatalog, type EntryFacts } from './catalog.js';
export { type ChainOptions, type EkCertificate, verifyAnchored, verifyEkChain } from './chain.js';
export { verifyCounters } from './counters.js';
export { EvidenceError, LookError } from './errors.js';
export { readEventLog, replayedValues, verifyEventLog } from './event-log.js';
export {
  areaOfPem,
  decodeEk,
  unwrapPublic,
  verifyAkAttributes,
  verifyName,
  verifySameKey,
} from './identity.js';
export {
  type LogPosition,
  type MeasuredEntry,
  type MeasurementProof,
  type MeasurementRules,
  verifyMeasurements,
  verifyMeasurementsInSlices,
} from './measurements.js';
export { assertedTarget, type KnownValues, knownValues, type PcrTarget, resolvePcrTarget } from './pcr-target.js';
export { decodeAk, type VerifiedQuote, verifyFreshness, verifyQuote } from './quote.js';
export { type SelectionRule, verifySelection } from './selection.js';
