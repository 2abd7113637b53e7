export * from './ima/index.js';
export * from './tcg/index.js';
