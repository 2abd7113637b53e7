export { operate, type Operation } from './table.js';
