export { classToJson, instanceToJson, qualifierTypeToJson, valueToJson } from './json.js';
export { ObjectWriter } from './object-writer.js';
export {
  type Columns,
  objectForms,
  type OutputForm,
  outputForms,
  print,
  processStreams,
  recordForms,
  schemaForms,
  type Streams,
  toJson,
  writeAnswer,
  writeRecords,
} from './output.js';
export { printable } from './printable.js';
export { JobProgress, Progress } from './progress.js';
export { formatTable } from './table.js';
export { classTree } from './tree.js';
export { plainTexts, type ValueTexts, valueTexts } from './value-texts.js';
