export { type Attest, type Attested, decodeAttest, encodeAttest } from './attest.js';
export { type ClockInfo, readClockInfo, readTimeInfo, type TimeInfo, writeClockInfo, writeTimeInfo } from './clock.js';
export { decodeNvPublic, encodeNvPublic, nvNameOf, type NvPublic, readNvPublic } from './nv-public.js';
export {
  formatPcrSelection,
  parsePcrSelection,
  type PcrBankSelection,
  type PcrSelection,
  readPcrSelection,
  writePcrSelection,
} from './pcr-selection.js';
export { padLeft, readHashAlgorithm, readOptionalHashAlgorithm, readSized, writeSized } from './primitives.js';
export {
  attributesOf,
  decodePublicArea,
  type EccPublicArea,
  encodePublicArea,
  hasAttributes,
  type KeyedHashPublicArea,
  nameOf,
  nameOfEncoded,
  type PublicArea,
  readPublicArea,
  type RsaPublicArea,
  type SymmetricPublicArea,
  writePublicArea,
} from './public-area.js';
export {
  type AsymmetricScheme,
  isSigningScheme,
  readAsymmetricScheme,
  readSymmetric,
  type SigningScheme,
  type SymmetricDefinition,
  writeAsymmetricScheme,
  writeSymmetric,
} from './schemes.js';
export { decodeSignature, encodeSignature, readSignature, type TpmSignature, writeSignature } from './signature.js';
export {
  akEccTemplate,
  akRsaTemplate,
  ekEccTemplate,
  ekPolicySha256,
  ekRsaTemplate,
  srkEccTemplate,
} from './templates.js';
