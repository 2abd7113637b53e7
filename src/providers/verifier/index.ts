export { integrityAlert } from './alert.js';
export type { AttestationDesk, NamedVerdict, ShownPolicy } from './desk.js';
export { verdictId, verifierFace } from './verifier.js';
