export { runShell } from './shell.js';
