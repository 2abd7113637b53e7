import {
  type CimInstance,
  type CimInstancePath,
  createInstance,
  relocate,
  sameName,
  samePath,
  stringKey,
} from '../../cim/model/index.js';
import { inBatches } from '../calls/index.js';
import { Namespaces } from '../namespaces.js';
import type { Provider, ProviderContext } from '../provider/index.js';
import type { Caller } from '../security/index.js';
import { described } from './described.js';
import type { InteropOptions, ProfileFacts } from './options.js';
import { type InteropPaths, profileId } from './paths.js';

const profileType = 2;
const notAdvertised = 2;
const batchSize = 100;

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
  const isCentral = (profile: ProfileFacts, path: CimInstancePath, caller: Caller): boolean => {
    if (profile.isCentral !== undefined) return profile.isCentral(path);
    const placed = (element: CimInstancePath) => relocate(element, { namespace: element.namespace ?? home });
    for (const element of profile.centralInstances(paths, caller)) if (samePath(placed(element), path)) return true;
    return false;
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
        async GetCentralInstances({ caller }, self) {
          const id = self === null ? null : stringKey(self, 'InstanceID');
          const profile = profiles.find((candidate) => profileId(candidate) === id);
          const elements = profile === undefined ? [] : [...profile.centralInstances(paths, caller)];
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

  const className = 'CIM_ElementConformsToProfile';
  const nameOf = ({ namespace }: ProviderContext): string => known.find(namespace)?.space.name ?? namespace;
  const make = (context: ProviderContext, profile: ProfileFacts, element: CimInstancePath): CimInstance =>
    createInstance(context.classes.get(className), {
      ConformantStandard: seenFrom(paths.profile(profile), nameOf(context)),
      ManagedElement: seenFrom(element, nameOf(context)),
    });
  /** What conforms to a profile; other namespaces show what lies in them, interop shows all. */
  function* conforming(context: ProviderContext, profile: ProfileFacts): Iterable<CimInstance> {
    const here = nameOf(context);
    for (const element of profile.centralInstances(paths, context.caller)) {
      if (sameName(here, home) || sameName(element.namespace ?? home, here)) yield make(context, profile, element);
    }
  }
  function* joined(context: ProviderContext, object: CimInstancePath, role: string | null): Iterable<CimInstance> {
    if (role === null || sameName(role, 'ConformantStandard')) {
      const profile = profiles.find((candidate) => samePath(paths.profile(candidate), object));
      if (profile !== undefined) yield* conforming(context, profile);
    }
    if (role === null || sameName(role, 'ManagedElement')) {
      const element = relocate(object, { namespace: object.namespace ?? nameOf(context) });
      for (const profile of profiles) {
        if (isCentral(profile, element, context.caller)) yield make(context, profile, element);
      }
    }
  }
  const withClass = repository
    .namespaces()
    .filter((name) => repository.space(name)?.schema.get(className) !== undefined);
  const conforms: Provider = {
    className,
    namespaces: withClass,
    async *enumerate(context) {
      for (const profile of profiles) yield* inBatches(conforming(context, profile), batchSize);
    },
    async get(context, path) {
      const [standard, element] = ['ConformantStandard', 'ManagedElement'].map(
        (end) => path.keys.find(({ name }) => sameName(name, end))?.value as CimInstancePath | undefined,
      );
      const profile = profiles.find(
        (candidate) => standard !== undefined && samePath(paths.profile(candidate), standard),
      );
      if (profile === undefined || element === undefined) return null;
      const placed = relocate(element, { namespace: element.namespace ?? nameOf(context) });
      return isCentral(profile, placed, context.caller) ? make(context, profile, placed) : null;
    },
    async *references(context, object, role) {
      yield* inBatches(joined(context, object, role), batchSize);
    },
  };
  return [registered, referenced, conforms];
}
