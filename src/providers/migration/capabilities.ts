import type { Provider } from '../../cimom/index.js';
import { associationProvider, elementFacts, type HostView, listProvider, Paths } from '../kit/index.js';
import { migrationTypes, serviceClass } from './service.js';

const className = 'TVDC_VirtualSystemMigrationCapabilities';
const instanceId = 'TVDC:VirtualSystemMigration';

/** What the migration service can do, and to which hosts it sends. */
export function migrationCapabilities(view: HostView): readonly Provider[] {
  const { parts, namespace, migrations } = view;
  const paths = new Paths(parts.identity, namespace);
  return [
    listProvider({
      className,
      namespace,
      rows: () => [parts.identity],
      values: () => ({
        InstanceID: instanceId,
        ...elementFacts('Virtual system migration'),
        MigrationTypesSupported: Object.values(migrationTypes),
        DestinationHosts: [...migrations.destinations()],
      }),
    }),
    associationProvider({
      className: 'CIM_ElementCapabilities',
      namespace,
      *links() {
        yield { ManagedElement: paths.service(serviceClass), Capabilities: paths.byId(className, instanceId) };
      },
    }),
  ];
}
