export { openPeers } from './peers.js';
export { keepMigrations } from './upkeep.js';
