export type { Name } from './distinguished-name.js';
export { CertificateError, type CertificateErrorCode } from './errors.js';
export {
  type AttestationKeyFacts,
  type CertificateFacts,
  type CrlFacts,
  type HostFacts,
  type RevocationReason,
  revocationReasons,
  type TpmModelFacts,
  type TpmSpecificationFacts,
  type VirtualTpmFacts,
} from './types.js';
