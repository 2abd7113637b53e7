export { bankIds, type SpecIdEvent, type TcgEvent, type TcgEventLog } from './event.js';
export { tcgEventTypeName, type TcgEventTypeName, tcgEventTypes } from './event-types.js';
export { decodeEventLog, defaultTcgLimits, type TcgLimits } from './read.js';
export { eventDataMatches, replayEventLog } from './replay.js';
export { decodeEventContent, type TcgEventContent } from './uefi.js';
export {
  createEventLog,
  type EventExtension,
  type EventInput,
  type EventLogOptions,
  type EventLogWriter,
} from './write.js';
