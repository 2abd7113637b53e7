import type { Provider } from '../cimom/index.js';
import { decisionProviders } from './decisions/index.js';
import { domainProviders } from './domains/index.js';
import { hostProviders, serviceAssociations } from './host/index.js';
import { type HostView, mergeAssociations, veiled } from './kit/index.js';
import { jobProviders } from './jobs/index.js';
import { migrationProviders } from './migration/index.js';
import { networkProviders } from './network/index.js';
import { poolProviders } from './pools/index.js';
import { roleProviders } from './roles/index.js';
import { securityProviders } from './policy/index.js';
import { storageProviders } from './storage/index.js';
import { systemProviders } from './systems/index.js';
import { trustProviders } from './tpm/index.js';

export { type AlertPorts, startAlerts } from './alerts/index.js';
export { type Conformance, conformances } from './profiles/index.js';
export type { AccountDesk, HostTpmView, HostView, Veil } from './kit/index.js';

/** The whole CIM face of one host. */
export function hostFace(view: HostView): readonly Provider[] {
  return mergeAssociations([
    ...hostProviders(view),
    ...systemProviders(view),
    ...poolProviders(view),
    ...storageProviders(view),
    ...migrationProviders(view),
    ...networkProviders(view),
    ...securityProviders(view),
    ...decisionProviders(view),
    ...domainProviders(view),
    ...jobProviders(view),
    ...roleProviders(view),
    ...trustProviders(view),
    ...serviceAssociations(view),
  ]).map((provider) => veiled(view.veil, provider));
}
export {
  type AttestationDesk,
  integrityAlert,
  type NamedVerdict,
  type ShownPolicy,
  verdictId,
  verifierFace,
} from './verifier/index.js';
