import type { Provider } from '../../cimom/index.js';
import { associationProvider, elementFacts, type HostView, linksByVm, listProvider, Paths } from '../kit/index.js';
import { virtualSystemType } from './define-system.js';
import { requestableStates } from './state.js';

const className = 'TVDC_VirtualSystemManagementCapabilities';
const instanceId = 'TVDC:VirtualSystemManagement';
const systemClass = 'TVDC_VirtualSystemCapabilities';
const systemId = 'TVDC:VirtualSystem';

/** Methods that end before they answer, or go on in a job where that takes long: define, destroy, modify resources, modify system, remove and add resources. */
const methods = [2, 3, 5, 6, 7, 10] as const;

/** IndicationsSupported: virtual resources, jobs, virtual systems. */
const stateChanges = [2, 3, 4] as const;

const everyState = [...new Set((['off', 'running', 'paused', 'saved'] as const).flatMap(requestableStates))].sort(
  (a, b) => a - b,
);

/** What the management service can do, and what can be asked of a virtual machine (DSP1042, DSP1057). */
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
      VirtualSystemTypesSupported: [virtualSystemType(view)],
      SynchronousMethodsSupported: [...methods],
      AsynchronousMethodsSupported: [...methods],
      IndicationsSupported: [...stateChanges],
      ElementNameEditSupported: false,
    }),
  });
  const ofSystems = listProvider({
    className: systemClass,
    namespace,
    rows: () => [parts.identity],
    values: () => ({
      InstanceID: systemId,
      ...elementFacts('Virtual systems'),
      RequestedStatesSupported: everyState,
      // Names are changed by the management service, not by ModifyInstance of the system.
      ElementNameEditSupported: false,
    }),
  });

  const system = paths.byId(systemClass, systemId);
  const ofService = associationProvider({
    className: 'CIM_ElementCapabilities',
    namespace,
    *links() {
      const service = paths.service('TVDC_VirtualSystemManagementService');
      for (const element of [service, paths.host()]) {
        yield { ManagedElement: element, Capabilities: paths.byId(className, instanceId) };
      }
    },
  });
  const ofEachSystem = associationProvider({
    className: 'CIM_ElementCapabilities',
    namespace,
    ...linksByVm(
      parts.inventory,
      function* (vm) {
        yield { ManagedElement: paths.vm(vm.uuid), Capabilities: system };
      },
      function* (object) {
        if (object.className !== systemClass) return;
        for (const vm of parts.inventory.vms()) yield { ManagedElement: paths.vm(vm.uuid), Capabilities: system };
      },
    ),
  });
  return [capabilities, ofSystems, ofService, ofEachSystem];
}
