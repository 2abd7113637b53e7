export * from './appraise/index.js';
export * from './evidence/index.js';
export * from './references/index.js';
export * from './verdict/index.js';
export * from './verifier/index.js';
