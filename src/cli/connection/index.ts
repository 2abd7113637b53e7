export { connect, connectHost, keepConnections, namespaceOf } from './connection.js';
export { type JobOptions, withJobs } from './jobs.js';
export { isLocal } from './local.js';
export { authenticationOption, type ConnectionOptions, environment, outputForm, withConnection } from './options.js';
export {
  connectionsFile,
  readConnections,
  type SavedConnection,
  savedConnection,
  type SavedConnections,
  writeConnections,
} from './saved.js';
export { namesServer, settingsOf } from './settings.js';
