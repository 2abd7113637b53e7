import type { Provider } from '../../cimom/index.js';
import { setSystemLabel } from '../../vmm/index.js';
import {
  actorOf,
  associationProvider,
  elementFacts,
  type HostView,
  listProvider,
  operationalFacts,
  ownMethod,
  Paths,
  requiredText,
} from '../kit/index.js';

/** TVDC_HostSystem: the management VM with its hypervisor, as one system. */
export function hostProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);

  const host = listProvider({
    className: 'TVDC_HostSystem',
    namespace,
    rows: () => [parts.identity],
    values: (identity) => {
      const { monitor } = parts;
      const healthy = monitor.health.state === 'enforced';
      return {
        CreationClassName: 'TVDC_HostSystem',
        Name: identity.uuid,
        NameFormat: 'UUID',
        ...elementFacts(identity.name, 'Management VM and hypervisor of one host.'),
        ...operationalFacts(healthy),
        EnabledState: 2,
        RequestedState: 12,
        Dedicated: [0],
        MonitorMode: monitor.mode,
        EnforcedPolicy: `${monitor.policy.name} ${monitor.policy.version}`,
        PolicyDigest: monitor.policy.sha256,
        SystemLabel: monitor.systemLabel,
        ExcludedTypes: [...monitor.excludedTypes()],
      };
    },
    methods: {
      SetSystemLabel: (context, _self, parameters) =>
        ownMethod(async () => {
          await setSystemLabel(parts, actorOf(context), requiredText(parameters, 'Label'));
        }),
    },
  });

  const hosted = associationProvider({
    className: 'TVDC_HostedDependency',
    namespace,
    *links() {
      for (const vm of parts.inventory.vms()) yield { Antecedent: paths.host(), Dependent: paths.vm(vm.uuid) };
      for (const vm of parts.inventory.vms()) {
        if (!vm.tpm) continue;
        const tpm = parts.vtpms.get(vm.uuid);
        if (tpm === undefined) continue;
        yield {
          Antecedent: paths.device('TVDC_TPM', 'host', view.hostTpm.uuid),
          Dependent: paths.device('TVDC_VirtualTPM', vm.uuid, tpm.uuid),
        };
      }
    },
  });

  return [host, hosted];
}
