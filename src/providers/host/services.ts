import type { Provider } from '../../cimom/index.js';
import { associationProvider, type HostView, Paths } from '../kit/index.js';

/** The services of a host, with the elements that each affects. */
const serviceClasses = [
  'TVDC_VirtualSystemManagementService',
  'TVDC_StorageErasureService',
  'TVDC_SecurityPolicyService',
  'TVDC_TrustedVirtualDomainService',
  'TVDC_VirtualTPMService',
  'TVDC_RoleBasedAuthorizationService',
] as const;

export function serviceAssociations(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);

  const hostedService = associationProvider({
    className: 'TVDC_HostedService',
    namespace,
    *links() {
      for (const className of serviceClasses) yield { Antecedent: paths.host(), Dependent: paths.service(className) };
    },
  });

  const affects = associationProvider({
    className: 'TVDC_ServiceAffectsElement',
    namespace,
    *links() {
      const link = (service: (typeof serviceClasses)[number], element: ReturnType<Paths['host']>) => ({
        AffectingElement: paths.service(service),
        AffectedElement: element,
        ElementEffects: [5],
      });
      for (const className of serviceClasses) yield link(className, paths.host());
      for (const vm of parts.inventory.vms()) {
        const path = paths.vm(vm.uuid);
        yield link('TVDC_VirtualSystemManagementService', path);
        yield link('TVDC_SecurityPolicyService', path);
        if (vm.tpm) yield link('TVDC_VirtualTPMService', path);
      }
      for (const volume of parts.inventory.volumes()) {
        yield link('TVDC_StorageErasureService', paths.volume(volume));
        yield link('TVDC_SecurityPolicyService', paths.volume(volume));
      }
      for (const domain of view.domains.domains())
        yield link('TVDC_TrustedVirtualDomainService', paths.domain(domain.uuid));
    },
  });

  return [hostedService, affects];
}
