export { createAccountDesk, ensureAccount, readSecret } from './accounts.js';
export { defaultDataFolder, secretFile } from './data-folder.js';
export { type Foundation, type FoundationOptions, openFoundation } from './foundation.js';
export { openIdentity } from './identity.js';
export { backupFolder } from './maintenance.js';
export { loadShippedSchema, type Personality, readShippedMof } from './schema.js';
