export { type CimDifference, differences, formatDifference, sameInstance, sameValue } from './differences.js';
export { valueText } from './text.js';
