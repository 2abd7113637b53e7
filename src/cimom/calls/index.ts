export { countObjects, flatten, inBatches, mapBatches, pick } from './batches.js';
export { Call, type Subject } from './call.js';
export type { Engine } from './engine.js';
export { ProviderGuard } from './guard.js';
export { blameProvider, References } from './references.js';
export { Selection } from './selection.js';
export { ClassSource } from './source.js';
export { classViewOf } from './class-view.js';
