export { createTpm12Client, type Quote12, type Tpm12Client, wellKnownAuth, type WrappedKey12 } from './client.js';
export { nvIndices12, type ReturnCode12 } from './constants.js';
export { Tpm12Error } from './error.js';
export { compositeHash12, pcrCount12 } from './structures.js';
export { decodeQuoteInfo12, type QuoteFacts12, rsaKey12, verifyQuote12 } from './verify.js';
