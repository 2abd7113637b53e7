import { CimError } from '../operations/index.js';

/** The query breaks the grammar or the class. @param column counts from 1 */
export function invalidQuery(message: string, column: number): CimError {
  return new CimError(15, `${message} (column ${column})`);
}

/** The query is right but asks for what we do not do. */
export function unsupportedFeature(feature: string, column: number): CimError {
  return new CimError(29, `${feature} is not supported (column ${column})`);
}
