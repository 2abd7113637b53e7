export {
  createIndicationListener,
  type IndicationListener,
  type IndicationListenerOptions,
  type ListenerStatistics,
  type ReceivedIndication,
} from './listener.js';
export type { SequencePlace } from './sequence.js';
