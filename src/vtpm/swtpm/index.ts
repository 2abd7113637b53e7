export { swtpmAvailable } from './available.js';
export { openTcpTransport } from './connect.js';
export { type SwtpmFamily, tpm12Family, tpm20Family } from './family.js';
export { adoptFormerState } from './former-state.js';
export { clearLeftovers } from './leftovers.js';
export { createSwtpmDriver, type SwtpmDriverOptions } from './swtpm-driver.js';
