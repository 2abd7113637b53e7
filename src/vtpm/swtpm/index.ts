export { createSwtpmDriver, swtpmAvailable, type SwtpmDriverOptions } from './swtpm-driver.js';
