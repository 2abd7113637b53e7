export { instanceToJson, ObjectWriter, valueToJson } from './objects.js';
export { type OutputForm, outputForms, processStreams, type Streams, toJson, writeRecords } from './output.js';
export { formatTable } from './table.js';
