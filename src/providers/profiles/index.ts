export { type Conformance, conformances } from './conformance.js';
