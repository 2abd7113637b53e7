export { type IndicationSink, noIndications } from './sink.js';
