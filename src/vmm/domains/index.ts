export { type DomainMembers, Domains } from './domains.js';
export type { TrustedVirtualDomain, VirtualDatacenter } from './types.js';
export {
  changeDomainState,
  type DomainRequest,
  domainRequests,
  type MemberResult,
  type MembersJob,
} from './change-state.js';
