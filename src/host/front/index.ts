export { createFront, type FrontOptions } from './front.js';
