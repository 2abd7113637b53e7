import type { Provider } from '../../cimom/index.js';
import { associationProvider, elementFacts, type HostView, listProvider, Paths } from '../kit/index.js';

const className = 'TVDC_VirtualSystemManagementCapabilities';
const instanceId = 'TVDC:VirtualSystemManagement';

/** SynchronousMethodsSupported: DefineSystem, DestroySystem, RemoveResources, AddResources. */
const methods = [2, 3, 7, 10] as const;
const vmStateChanges = 4;

/** What the management service can do (DSP1042). */
export function capabilitiesProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);
  const capabilities = listProvider({
    className,
    namespace,
    rows: () => [parts.identity],
    values: () => ({
      InstanceID: instanceId,
      ...elementFacts('Virtual system management'),
      VirtualSystemTypesSupported: [`TVDC:${parts.hypervisor.name}`],
      SynchronousMethodsSupported: [...methods],
      AsynchronousMethodsSupported: [],
      IndicationsSupported: [vmStateChanges],
    }),
  });
  const ofService = associationProvider({
    className: 'CIM_ElementCapabilities',
    namespace,
    *links() {
      const service = paths.service('TVDC_VirtualSystemManagementService');
      yield { ManagedElement: service, Capabilities: paths.byId(className, instanceId) };
    },
  });
  return [capabilities, ofService];
}
