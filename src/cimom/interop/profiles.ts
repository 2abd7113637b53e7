import { type CimInstancePath, relocate, sameName, stringKey } from '../../cim/model/index.js';
import { Namespaces } from '../namespaces.js';
import type { Provider, ProviderContext } from '../provider/index.js';
import { described, type Values } from './described.js';
import type { InteropOptions, ProfileFacts } from './options.js';
import { type InteropPaths, profileId } from './paths.js';

const profileType = 2;
const notAdvertised = 2;

/** Profiles of the DMTF that the object manager implements by itself. */
export const ownProfiles: readonly ProfileFacts[] = [
  {
    organization: 2,
    name: 'Profile Registration',
    version: '1.0.0',
    centralInstances: (interop) => [interop.objectManager()],
  },
  {
    organization: 2,
    name: 'Indications',
    version: '1.2.0',
    references: ['Profile Registration'],
    centralInstances: (interop) => [interop.indicationService()],
  },
];

/** CIM_RegisteredProfile, which profile builds on which, and what conforms to them. */
export function profileProviders(
  options: InteropOptions,
  paths: InteropPaths,
  interop: readonly string[],
): readonly Provider[] {
  const { repository, profiles } = options;
  const known = new Namespaces(repository, []);
  const home = interop[0] ?? 'root/interop';

  /** Relative for objects of that namespace, with their namespace for all others. */
  const seenFrom = (path: CimInstancePath, namespace: string): CimInstancePath => {
    const where = path.namespace ?? home;
    return relocate(path, { namespace: sameName(where, namespace) ? null : where });
  };
  const central = (profile: ProfileFacts): readonly CimInstancePath[] => profile.centralInstances(paths);

  const conforming = function* (context: ProviderContext): Iterable<Values> {
    const here = known.find(context.namespace)?.space.name ?? context.namespace;
    const fromHome = sameName(here, home);
    for (const profile of profiles) {
      for (const element of central(profile)) {
        // Other namespaces show what lies in them; interop shows all.
        if (!fromHome && !sameName(element.namespace ?? home, here)) continue;
        yield {
          ConformantStandard: seenFrom(paths.profile(profile), here),
          ManagedElement: seenFrom(element, here),
        };
      }
    }
  };

  const registered = described({
    className: 'CIM_RegisteredProfile',
    namespaces: interop,
    rows: () =>
      profiles.map((profile) => ({
        InstanceID: profileId(profile),
        ElementName: profile.name,
        Caption: `${profile.name} ${profile.version}`,
        SpecificationType: profileType,
        RegisteredOrganization: profile.organization,
        OtherRegisteredOrganization: profile.otherOrganization ?? null,
        RegisteredName: profile.name,
        RegisteredVersion: profile.version,
        AdvertiseTypes: [notAdvertised],
        AdvertiseTypeDescriptions: ['Not Advertised'],
      })),
    more: {
      methods: {
        async GetCentralInstances(_context, self) {
          const id = self === null ? null : stringKey(self, 'InstanceID');
          const profile = profiles.find((candidate) => profileId(candidate) === id);
          const elements = profile === undefined ? [] : central(profile);
          return { returnValue: 0, out: { CentralInstances: elements.map((path) => seenFrom(path, home)) } };
        },
      },
    },
  });

  const referenced = described({
    className: 'CIM_ReferencedProfile',
    namespaces: interop,
    rows: () =>
      profiles.flatMap((profile) =>
        profiles
          .filter((other) => profile.references?.includes(other.name) === true)
          .map((other) => ({ Antecedent: paths.profile(other), Dependent: paths.profile(profile) })),
      ),
  });

  const withClass = repository
    .namespaces()
    .filter((name) => repository.space(name)?.schema.get('CIM_ElementConformsToProfile') !== undefined);
  const conforms = described({
    className: 'CIM_ElementConformsToProfile',
    namespaces: withClass,
    rows: conforming,
  });
  return [registered, referenced, conforms];
}
