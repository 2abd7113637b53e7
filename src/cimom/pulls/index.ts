export { type OpenRequest, PullContexts, type Pulled, type PullKind } from './contexts.js';
export { Cursor, type Segment, type Taken } from './cursor.js';
