export { connect, connectHost, namespaceOf } from './connection.js';
export { type ConnectionOptions, environment, outputForm, withConnection } from './options.js';
