// The object manager as the WBEM Server profile (DSP1092) sees it, beside the older model of DSP1033 and DSP0200.
import { type CimInstance, createInstance, stringKey } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import { defaultLimits } from '../limits.js';
import type { MethodFunction, Provider, ProviderContext } from '../provider/index.js';
import { described, keyValues, type Values } from './described.js';
import type { NamespaceDesk } from './namespaces.js';
import { queryFeatures, running } from './object-manager.js';
import type { InteropOptions } from './options.js';
import type { InteropPaths } from './paths.js';

const cimXml = 5;
const basicAuthentication = 3;
const created = 3;
const deleted = 4;
const started = 3;

/** All generic operations of DSP0223, as CIM_GenericOperationCapabilitiesStructure numbers them: GetInstance is 2. */
const genericOperations = Array.from({ length: 39 }, (_, at) => at + 2);

function nameIn(template: unknown): string | null {
  const instance = template as CimInstance | null;
  return instance?.getString('Name') ?? null;
}

/** What lies under a service, for those who ask which elements it affects. */
export function serverNamespaceLinks(
  paths: InteropPaths,
  desk: NamespaceDesk,
  context: ProviderContext,
): readonly Values[] {
  return desk.all(context).map(({ canonical }) => ({
    AffectingElement: paths.wbemServer(),
    AffectedElement: paths.wbemServerNamespace(canonical),
    ElementEffects: [5],
  }));
}

/** CIM_WBEMServer, its namespaces, its protocol, and what they can do. */
export function wbemServerProviders(
  options: InteropOptions,
  paths: InteropPaths,
  desk: NamespaceDesk,
  namespaces: readonly string[],
): readonly Provider[] {
  const { productName, version } = options;

  const createNamespace: MethodFunction = async (context, _self, { NamespaceTemplate }) => {
    const name = await desk.create(context, nameIn(NamespaceTemplate));
    return { returnValue: 0, out: { Namespace: paths.wbemServerNamespace(name) } };
  };

  return [
    described({
      className: 'CIM_WBEMServer',
      namespaces,
      rows: () => [
        {
          ...keyValues(paths.wbemServer()),
          ...running,
          ElementName: productName,
          Caption: productName,
          Description: `${productName} WBEM server version ${version}`,
        },
      ],
      more: { methods: { CreateWBEMServerNamespace: createNamespace } },
    }),
    described({
      className: 'CIM_WBEMServerCapabilities',
      namespaces,
      rows: () => [
        {
          ...keyValues(paths.wbemServerCapabilities()),
          ElementName: 'WBEM server capabilities',
          ElementNameEditSupported: false,
          OperationsSupported: [created, deleted],
        },
      ],
    }),
    described({
      className: 'CIM_WBEMServerNamespace',
      namespaces,
      rows: (context) =>
        desk.all(context).map(({ canonical, name }) => ({
          ...keyValues(paths.wbemServerNamespace(canonical)),
          Name: name,
          ElementName: name,
        })),
      more: {
        async delete(context, path) {
          const id = stringKey(path, 'InstanceID') ?? '';
          const found = desk
            .all(context)
            .find(({ canonical }) => stringKey(paths.wbemServerNamespace(canonical), 'InstanceID') === id);
          if (found === undefined) throw new CimError(6, `there is no namespace ${id}`);
          await desk.remove(context, found.canonical);
        },
      },
    }),
    described({
      className: 'CIM_ProtocolService',
      namespaces,
      rows: () => [
        {
          ...keyValues(paths.protocolService()),
          ...running,
          ElementName: 'CIM-XML',
          Caption: 'CIM operations over HTTP',
          Protocol: cimXml,
          MaxConnections: null,
        },
      ],
    }),
    described({
      className: 'CIM_CIMXMLCapabilities',
      namespaces,
      rows: ({ classes }) => [
        {
          ...keyValues(paths.cimXmlCapabilities()),
          ElementName: 'CIM-XML capabilities',
          ElementNameEditSupported: false,
          MaxConnections: null,
          MaxListeningPorts: Math.max(1, options.addresses().length),
          ListeningPortManagementSupported: false,
          WBEMProtocolVersionsSupported: ['1.4.0'],
          AuthenticationMechanismsSupported: [basicAuthentication],
          AuthenticationMechanismsDescriptions: ['Basic'],
          GenericOperationCapabilities: createInstance(classes.get('CIM_GenericOperationCapabilitiesStructure'), {
            FQLSupported: true,
            ContinueOnErrorSupported: true,
            MinimumOperationTimeout: 1,
            MaximumOperationTimeout: defaultLimits.longestOperationTimeout,
            CQLSupport: queryFeatures,
            OperationsSupported: genericOperations,
          }),
          MultipleOperationsSupported: true,
          Validated: false,
        },
      ],
    }),
    described({
      className: 'CIM_ServiceServiceDependency',
      namespaces,
      rows: () => [{ Antecedent: paths.wbemServer(), Dependent: paths.protocolService(), TypeOfDependency: started }],
    }),
    described({
      className: 'CIM_ServiceAccessBySAP',
      namespaces,
      rows: () =>
        options
          .addresses()
          .map(({ url }) => ({ Antecedent: paths.protocolService(), Dependent: paths.mechanism(url) })),
    }),
  ];
}
