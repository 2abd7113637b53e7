export { readCrl, splitRevocationLists, verifyCrl } from './crl.js';
export type { Name } from './distinguished-name.js';
export { CertificateError, type CertificateErrorCode } from './errors.js';
export {
  type AkCertificateRequest,
  type EkCertificateRequest,
  type HostAuthority,
  type HostAuthorityOptions,
  openHostAuthority,
} from './host-authority.js';
export { oids as certificateOids } from './oids.js';
export { readCertificate, splitPem, toPem } from './read.js';
export { type DatacenterRoot, type DatacenterRootOptions, openDatacenterRoot } from './root.js';
export {
  createServerCertificate,
  type ServerCertificate,
  type ServerCertificateOptions,
} from './server-certificate.js';
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
export { type CertificateInput, verifyChain, type VerifyChainOptions } from './verify-chain.js';
