export { swtpmAvailable } from './available.js';
export { openTcpTransport } from './connect.js';
export { adoptFormerState } from './former-state.js';
export { createSwtpmDriver, type SwtpmDriverOptions } from './swtpm-driver.js';
