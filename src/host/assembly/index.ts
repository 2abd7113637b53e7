export { type Assembled, assemble, type AssemblyOptions } from './assemble.js';
