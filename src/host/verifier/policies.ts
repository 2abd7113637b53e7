import type { AppraisalPolicy, IsolationState } from '../../attestation/index.js';
import type { AttestationPolicies } from '../../client/management/index.js';

/** Reference set of the hosts' own software. */
export const hostReferences = 'host';
/** Reference set of the virtual machines. */
export const workloadReferences = 'workload';

/**
 * What a verifier wants by default: hosts and VMs measured only by what the two reference sets know.
 * @param isolation what PCR 13 of the host must say; null: not judged
 */
export function defaultPolicies(isolation: IsolationState | null): AttestationPolicies {
  const host: AppraisalPolicy = {
    name: hostReferences,
    referenceSets: [hostReferences],
    ...(isolation === null ? {} : { isolation }),
  };
  const vm: AppraisalPolicy = { name: workloadReferences, referenceSets: [workloadReferences] };
  return { host, vm: () => vm };
}
