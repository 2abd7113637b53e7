export { type ServedTpm, serveSoftwareTpm, type ServeSoftwareTpmOptions } from './serve.js';
