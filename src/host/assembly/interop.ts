import { packageIdentity } from '../../base/index.js';
import type { CimInstancePath } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import { interopProviders, ownProfiles, type ProfileFacts, type StatisticsPort } from '../../cimom/interop/index.js';
import type { IndicationService } from '../../cimom/indications/subscriptions/index.js';
import type { Foundation } from '../foundation/index.js';

export interface InteropFaceOptions {
  readonly product: string;
  readonly service: IndicationService;
  /** Further services of the object manager. */
  readonly services: readonly CimInstancePath[];
  readonly centralInstance: CimInstancePath;
  /** Further profiles. */
  readonly profiles: readonly ProfileFacts[];
  /** What is counted: operations and providers. */
  readonly counted: Pick<StatisticsPort, 'operations' | 'providers'>;
  readonly addresses: () => readonly { readonly url: string }[];
}

const gatheringKey = 'gather-statistics';

/** Our own profiles; a host or verifier is the central instance of both. */
function tvdcProfiles(central: CimInstancePath): readonly ProfileFacts[] {
  return ['TVDC:Isolation:1.0.0', 'TVDC:Integrity:1.0.0'].map((id) => {
    const [otherOrganization, name, version] = id.split(':') as [string, string, string];
    return { organization: 1, otherOrganization, name, version, centralInstances: () => [central] };
  });
}

/** The object manager's description of itself in root/interop. */
export function interopFace(foundation: Foundation, options: InteropFaceOptions): readonly Provider[] {
  const { repository, store, identity, journal, clock, randomness } = foundation;
  return interopProviders({
    repository,
    systemName: identity.uuid,
    systemTitle: identity.name,
    productName: options.product,
    version: packageIdentity().version,
    addresses: options.addresses,
    profiles: [...ownProfiles, ...tvdcProfiles(options.centralInstance), ...options.profiles],
    indications: options.service,
    services: options.services,
    statistics: {
      ...options.counted,
      gathering: () => store.get('repository', gatheringKey) === 'on',
      gather: (on) => store.transaction((tx) => tx.put('repository', gatheringKey, on ? 'on' : 'off')),
    },
    journal,
    clock,
    randomness,
  });
}
