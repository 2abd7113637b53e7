import { samePath } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import { setSystemLabel, type VirtualMachine } from '../../vmm/index.js';
import {
  actorOf,
  associationProvider,
  elementFacts,
  type HostView,
  type Link,
  listProvider,
  operationalFacts,
  ownMethod,
  Paths,
  requiredText,
  vmOfPath,
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

  const hostTpm = paths.device('TVDC_TPM', 'host', view.hostTpm.uuid);
  const onHost = (vm: VirtualMachine): Link => ({ Antecedent: paths.host(), Dependent: paths.vm(vm.uuid) });
  function* tpmOnHost(vm: VirtualMachine): Iterable<Link> {
    const tpm = vm.tpm ? parts.vtpms.get(vm.uuid) : undefined;
    if (tpm !== undefined) yield { Antecedent: hostTpm, Dependent: paths.device('TVDC_VirtualTPM', vm.uuid, tpm.uuid) };
  }
  const hosted = associationProvider({
    className: 'TVDC_HostedDependency',
    namespace,
    *links() {
      for (const vm of parts.inventory.vms()) yield onHost(vm);
      for (const vm of parts.inventory.vms()) yield* tpmOnHost(vm);
    },
    *linksOf(object) {
      const vm = parts.inventory.vm(vmOfPath(object) ?? '');
      if (vm !== undefined) {
        yield onHost(vm);
        yield* tpmOnHost(vm);
      } else if (samePath(object, hostTpm)) {
        for (const each of parts.inventory.vms()) yield* tpmOnHost(each);
      } else if (samePath(object, paths.host())) {
        for (const each of parts.inventory.vms()) yield onHost(each);
      }
    },
  });

  return [host, hosted];
}
