export { formatObjectPath, type ObjectPathForm, type ObjectPathFormatOptions } from './format.js';
export { parseObjectPath, type ParsePathOptions } from './object-path.js';
export { parseWbemUri, type WbemUri } from './wbem-uri.js';
