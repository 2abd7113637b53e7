export { connect, connectHost, namespaceOf } from './connection.js';
export { isLocal } from './local.js';
export { type ConnectionOptions, environment, outputForm, withConnection } from './options.js';
