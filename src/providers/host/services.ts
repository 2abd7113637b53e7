import { type CimInstancePath, sameName, samePath, stringKey } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import { associationProvider, type HostView, type Link, Paths } from '../kit/index.js';

/** The services of a host, with the elements that each affects. */
const serviceClasses = [
  'TVDC_VirtualSystemManagementService',
  'TVDC_VirtualSystemMigrationService',
  'TVDC_StorageErasureService',
  'TVDC_SecurityPolicyService',
  'TVDC_TrustedVirtualDomainService',
  'TVDC_VirtualTPMService',
  'TVDC_RoleBasedAuthorizationService',
] as const;
type ServiceClass = (typeof serviceClasses)[number];

export function serviceAssociations(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const { inventory } = parts;
  const paths = new Paths(parts.identity, namespace);

  const hostedService = associationProvider({
    className: 'TVDC_HostedService',
    namespace,
    *links() {
      for (const className of serviceClasses) yield { Antecedent: paths.host(), Dependent: paths.service(className) };
    },
  });

  const link = (service: ServiceClass, element: CimInstancePath): Link => ({
    AffectingElement: paths.service(service),
    AffectedElement: element,
    ElementEffects: [5],
  });
  /** The elements besides the host that a service acts on. */
  function* elementsOf(service: ServiceClass): Iterable<CimInstancePath> {
    switch (service) {
      case 'TVDC_VirtualSystemManagementService':
      case 'TVDC_VirtualSystemMigrationService':
        for (const vm of inventory.vms()) yield paths.vm(vm.uuid);
        break;
      case 'TVDC_VirtualTPMService':
        for (const vm of inventory.vms()) if (vm.tpm) yield paths.vm(vm.uuid);
        break;
      case 'TVDC_StorageErasureService':
        for (const volume of inventory.volumes()) yield paths.volume(volume);
        break;
      case 'TVDC_SecurityPolicyService':
        for (const vm of inventory.vms()) yield paths.vm(vm.uuid);
        for (const volume of inventory.volumes()) yield paths.volume(volume);
        break;
      case 'TVDC_TrustedVirtualDomainService':
        for (const domain of view.domains.domains()) yield paths.domain(domain.uuid);
        break;
      case 'TVDC_RoleBasedAuthorizationService':
        break;
    }
  }
  /** The same for one element, by its keys. */
  const affects = (service: ServiceClass, element: CimInstancePath): boolean => {
    if (samePath(element, paths.host())) return true;
    const vm = sameName(element.className, 'TVDC_ComputerSystem')
      ? inventory.vm(stringKey(element, 'Name') ?? '')
      : undefined;
    const volume = sameName(element.className, 'TVDC_StorageVolume')
      ? inventory.volume(stringKey(element, 'DeviceID') ?? '')
      : undefined;
    switch (service) {
      case 'TVDC_VirtualSystemManagementService':
      case 'TVDC_VirtualSystemMigrationService':
        return vm !== undefined;
      case 'TVDC_VirtualTPMService':
        return vm?.tpm === true;
      case 'TVDC_StorageErasureService':
        return volume !== undefined;
      case 'TVDC_SecurityPolicyService':
        return vm !== undefined || volume !== undefined;
      case 'TVDC_TrustedVirtualDomainService':
        return sameName(element.className, 'TVDC_TrustedVirtualDomain');
      case 'TVDC_RoleBasedAuthorizationService':
        return false;
    }
  };
  function* ofService(service: ServiceClass): Iterable<Link> {
    yield link(service, paths.host());
    for (const element of elementsOf(service)) yield link(service, element);
  }

  const affected = associationProvider({
    className: 'TVDC_ServiceAffectsElement',
    namespace,
    *links() {
      for (const className of serviceClasses) yield* ofService(className);
    },
    *linksOf(object) {
      const service = serviceClasses.find((name) => sameName(name, object.className));
      if (service !== undefined) {
        yield* ofService(service);
        return;
      }
      for (const className of serviceClasses) if (affects(className, object)) yield link(className, object);
    },
  });

  return [hostedService, affected];
}
