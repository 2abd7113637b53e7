export * from './certificates/index.js';
export * from './instances/index.js';
