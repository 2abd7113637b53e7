import { TvdcError } from '../../base/index.js';
import { Namespaces } from '../namespaces.js';
import type { Provider } from '../provider/index.js';
import type { Repository } from '../repository/index.js';
import { described } from './described.js';
import { indicationProviders, indicationServiceLinks } from './indications.js';
import { createNamespaceDesk, namespaceProviders } from './namespaces.js';
import { objectManagerProviders } from './object-manager.js';
import type { InteropOptions } from './options.js';
import { InteropPaths } from './paths.js';
import { profileProviders } from './profiles.js';
import { statisticsProviders } from './statistics.js';
import { serverNamespaceLinks, wbemServerProviders } from './wbem-server.js';

/** The interop namespace as it was created. @throws TvdcError `no_interop_namespace` */
function interopSpace(repository: Repository) {
  const home = new Namespaces(repository, []).find('root/interop');
  if (home === undefined) throw new TvdcError('no_interop_namespace', 'there is no namespace root/interop');
  return home.space;
}

/**
 * The object manager's description of itself in `root/interop`: what a console reads when it connects (DSP1033, DSP1054,
 * DSP1092).
 * @throws TvdcError `no_interop_namespace`
 */
export function interopProviders(options: InteropOptions): readonly Provider[] {
  const { indications } = options;
  const space = interopSpace(options.repository);
  const paths = new InteropPaths(options.systemName);
  const desk = createNamespaceDesk(options);
  const namespaces = [space.name];
  const services = [
    paths.objectManager(),
    paths.wbemServer(),
    paths.protocolService(),
    ...(indications === undefined ? [] : [paths.indicationService()]),
    ...(options.services ?? []),
  ];
  return [
    ...objectManagerProviders(options, paths, namespaces),
    ...wbemServerProviders(options, paths, desk, namespaces),
    ...namespaceProviders(options, paths, desk, namespaces),
    ...profileProviders(options, paths, namespaces),
    ...(options.statistics === undefined ? [] : statisticsProviders(options.statistics, paths, namespaces)),
    ...(indications === undefined ? [] : indicationProviders(indications, paths, space)),
    described({
      className: 'CIM_HostedService',
      namespaces,
      rows: () => services.map((service) => ({ Antecedent: paths.system(), Dependent: service })),
    }),
    described({
      className: 'CIM_ServiceAffectsElement',
      namespaces,
      rows: async (context) => [
        ...serverNamespaceLinks(paths, desk, context),
        ...(indications === undefined ? [] : await indicationServiceLinks(paths, space)),
      ],
    }),
    described({
      className: 'CIM_ElementCapabilities',
      namespaces,
      rows: () => [
        { ManagedElement: paths.objectManager(), Capabilities: paths.queryCapabilities() },
        { ManagedElement: paths.wbemServer(), Capabilities: paths.wbemServerCapabilities() },
        { ManagedElement: paths.protocolService(), Capabilities: paths.cimXmlCapabilities() },
        ...(indications === undefined
          ? []
          : [{ ManagedElement: paths.indicationService(), Capabilities: paths.indicationCapabilities() }]),
      ],
    }),
  ];
}

/** Names under which scripts look for the namespaces of a server. */
const rootName = 'root';

/**
 * Makes the namespace `root`, where old clients enumerate `__Namespace`, with that class alone; nothing where it exists.
 * Call it before `interopProviders`.
 */
export async function ensureRootNamespace(repository: Repository): Promise<void> {
  if (repository.hasNamespace(rootName)) return;
  const source = interopSpace(repository);
  const declared = source.schema.declared('__Namespace');
  if (declared === undefined) return;
  const root = await repository.createNamespace(rootName);
  await root.importSchema({ qualifierTypes: source.qualifierTypes(), classes: [declared] });
}
