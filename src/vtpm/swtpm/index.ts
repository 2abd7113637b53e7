export { openTcpTransport } from './connect.js';
export { createSwtpmDriver, swtpmAvailable, type SwtpmDriverOptions } from './swtpm-driver.js';
