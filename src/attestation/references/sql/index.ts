export { createSqlReferences } from './references.js';
export { layout, layoutStatements } from './schema.js';
export type { SqlPort, SqlRow, SqlSession, SqlTypes, SqlValue } from './port.js';
export { openSqliteReferences } from './sqlite-file.js';
