export { createProcessLog } from './log.js';
