/** sHype's access control module: policies, labels, decisions and the reference monitor. Calls nobody. */
export * from './decisions/index.js';
export * from './labels/index.js';
export * from './monitor/index.js';
export * from './policy/index.js';
export * from './reports/index.js';
export * from './sample/index.js';
export * from './simulation/index.js';
