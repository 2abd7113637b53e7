import type { Provider } from '../provider/index.js';
import { described, keyValues, type Values } from './described.js';
import type { InteropOptions } from './options.js';
import { type InteropPaths, mechanismClass } from './paths.js';
import { gatheringChange } from './statistics.js';

/** Groups of operations that are answered, with their words (FunctionalProfilesSupported). */
const functionalProfiles: readonly (readonly [number, string])[] = [
  [2, 'Basic Read'],
  [3, 'Basic Write'],
  [4, 'Schema Manipulation'],
  [5, 'Instance Manipulation'],
  [6, 'Association Traversal'],
  [7, 'Query Execution'],
  [8, 'Qualifier Declaration'],
  [9, 'Indications'],
  [10, 'Pulled Read'],
  [11, 'Pulled Read Count'],
  [12, 'Pulled Query Execution'],
];

/** Features of queries, as CIM_QueryCapabilities numbers them: basic, embedded properties, LIKE, Unicode, scoping. */
export const queryFeatures: readonly number[] = [2, 8, 10, 15, 17];

const basicAuthentication = 3;
const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Enabled, started and well. */
export const running: Values = {
  OperationalStatus: [2],
  HealthState: 5,
  EnabledState: 2,
  RequestedState: 12,
  Started: true,
};

/** The object manager itself: what it is, on which system, how it is reached. */
export function objectManagerProviders(
  options: InteropOptions,
  paths: InteropPaths,
  namespaces: readonly string[],
): readonly Provider[] {
  const { productName, version, systemName, addresses } = options;
  const title = options.systemTitle ?? systemName;
  const { Started, ...system } = running;

  const manager = (): Values => ({
    ...keyValues(paths.objectManager()),
    ...running,
    Started,
    ElementName: productName,
    Caption: productName,
    // Clients take what follows the word "version" for the number.
    Description: `${productName} object manager version ${version}`,
    GatherStatisticalData: options.statistics?.gathering() ?? false,
  });

  const mechanism = (url: string): Values => ({
    ...keyValues(paths.mechanism(url)),
    ...system,
    ElementName: url,
    Caption: url,
    CommunicationMechanism: 2,
    FunctionalProfilesSupported: functionalProfiles.map(([number]) => number),
    FunctionalProfileDescriptions: functionalProfiles.map(([, words]) => words),
    MultipleOperationsSupported: true,
    AuthenticationMechanismsSupported: [basicAuthentication],
    AuthenticationMechanismDescriptions: ['Basic'],
    Version: '1.0',
    AdvertiseTypes: [2],
    AdvertiseTypeDescriptions: ['Not Advertised'],
    CIMXMLProtocolVersion: 1,
    CIMValidated: false,
    PulledEnumerationContinuationOnErrorSupported: true,
    PulledEnumerationClosureOnExceedingServerLimitsSupported: true,
  });

  return [
    described({
      className: 'CIM_ObjectManager',
      namespaces,
      rows: () => [manager()],
      more: { modify: gatheringChange(options.statistics) },
    }),
    described({
      className: 'CIM_ComputerSystem',
      namespaces,
      rows: () => [
        {
          ...keyValues(paths.system()),
          ...system,
          NameFormat: uuidForm.test(systemName) ? 'UUID' : 'Other',
          ElementName: title,
          Caption: title,
          Description: `The system that runs ${productName}.`,
          Dedicated: [0],
        },
      ],
    }),
    described({ className: mechanismClass, namespaces, rows: () => addresses().map(({ url }) => mechanism(url)) }),
    described({
      className: 'CIM_CommMechanismForManager',
      namespaces,
      rows: () =>
        addresses().map(({ url }) => ({ Antecedent: paths.objectManager(), Dependent: paths.mechanism(url) })),
    }),
    described({
      className: 'CIM_HostedAccessPoint',
      namespaces,
      rows: () => addresses().map(({ url }) => ({ Antecedent: paths.system(), Dependent: paths.mechanism(url) })),
    }),
    described({
      className: 'CIM_QueryCapabilities',
      namespaces,
      rows: () => [
        { ...keyValues(paths.queryCapabilities()), ElementName: 'Query capabilities', CQLFeatures: queryFeatures },
      ],
    }),
  ];
}
