export { connect, connectHost, type ConnectionOptions, outputForm, withConnection } from './connection.js';
