export { type DomainMembers, Domains } from './domains.js';
export type { TrustedVirtualDomain, VirtualDatacenter } from './types.js';
