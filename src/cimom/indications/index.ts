export { createRepositoryWork, type RepositoryWork } from './repository-work.js';
export { type IndicationSink, noIndications } from './sink.js';
