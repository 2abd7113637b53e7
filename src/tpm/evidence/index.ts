export { makeCredential } from './credential.js';
export { kdfA, kdfE } from './kdf.js';
export { curveFacts, isSameKey, nameLength, pointOf, publicKeyOf } from './public-key.js';
export { decodeQuote, pcrDigest, verifyQuoteSignature } from './verify.js';
