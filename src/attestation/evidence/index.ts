export type {
  AssertedEvidence,
  Evidence,
  IdentityEvidence,
  MeasurementEvidence,
  PcrValues,
  QuoteEvidence,
} from './evidence.js';
export { assertedMember, hostExtraData, quotedMember, type RoundMember, vmExtraData } from './freshness.js';
export {
  decodeIsolationEvent,
  encodeIsolationEvent,
  isolationPcr,
  type IsolationState,
  sameIsolation,
} from './isolation-event.js';
export { type Subject, subjectKey, uuidBytes } from './subject.js';
