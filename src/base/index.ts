export { ByteReader, ByteWriter, concatBytes, equalBytes, fromBase64, fromHex, toBase64, toHex } from './bytes.js';
export { type Clock, ManualClock, systemClock } from './clock.js';
export {
  ConfigurationError,
  DecodeError,
  type ErrorDetails,
  type ErrorOptions,
  messageOf,
  ParseError,
  TvdcError,
  unreachable,
} from './errors.js';
export { digestSizes, hash, type HashAlgorithm, hashAlgorithms, hashHex, hashOctets, hmac } from './hash.js';
export { describeIssues, type Issue } from './issues.js';
export { type Log, type LogFields, MemoryLog, silentLog } from './log.js';
export { formatMessage, type MessageId, messages } from './messages.js';
export { createKeyedLock, type KeyedLock } from './lock.js';
export { packageFolder, packageIdentity } from './package.js';
export { createSeededRandomness, type Randomness, systemRandomness } from './randomness.js';
export { createTimeSlice, nextTurn, type TimeSlice } from './slice.js';
