import { CimError, type CimInstancePath, samePath, stringKey } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import { createVlan, deleteVlan, type Port, type VirtualMachine, type Vlan, vlanResource } from '../../vmm/index.js';
import {
  actorOf,
  asCimStatus,
  associationProvider,
  elementFacts,
  type HostView,
  type Link,
  linksByVm,
  listProvider,
  operationalFacts,
  Paths,
  vmOfPath,
} from '../kit/index.js';
import { deviceState } from '../systems/index.js';

interface PortOf {
  readonly vm: VirtualMachine;
  readonly port: Port;
}

/** VLANs, the bridge of each, and the interfaces of the virtual machines on them. */
export function networkProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);
  const { inventory } = parts;

  function* ports(): Iterable<PortOf> {
    for (const vm of inventory.vms()) for (const port of vm.ports) yield { vm, port };
  }
  /** The interface that a path of an interface or of its endpoint names, by the key that says which. */
  const findPort = (path: CimInstancePath, key: string): PortOf | undefined => {
    const vm = inventory.vm(vmOfPath(path) ?? '');
    const port = vm?.ports.find(({ id }) => id === stringKey(path, key));
    return vm === undefined || port === undefined ? undefined : { vm, port };
  };
  const endpointKeys = ({ vm, port }: PortOf) => ({
    SystemCreationClassName: 'TVDC_ComputerSystem',
    SystemName: vm.uuid,
    CreationClassName: 'TVDC_VLANEndpoint',
    Name: port.id,
  });
  const endpoint = (of: PortOf) => ({ ...paths.byId('TVDC_VLANEndpoint', ''), keys: bindings(endpointKeys(of)) });

  const vlanIdOf = (path: CimInstancePath): number =>
    Number(/:vlan:(\d+)$/.exec(stringKey(path, 'InstanceID') ?? '')?.[1]);
  const findVlan = (path: CimInstancePath): Vlan | undefined => inventory.vlan(vlanIdOf(path));
  const listed = listProvider({
    className: 'TVDC_VLAN',
    namespace,
    rows: () => inventory.vlans(),
    find: findVlan,
    values: (vlan) => ({
      InstanceID: paths.vlanId(vlan.id),
      ...elementFacts(vlan.name, 'A labelled VLAN of this host.'),
      VLANId: vlan.id,
    }),
    delete: (context, path) => asCimStatus(() => deleteVlan(parts, actorOf(context), vlanIdOf(path))),
  });
  const vlans: Provider = {
    ...listed,
    async create(context, instance) {
      const id = instance.getNumber('VLANId');
      if (id === null) throw new CimError(4, 'a VLAN needs its number in VLANId');
      const name = instance.getString('ElementName') ?? vlanResource(id);
      return paths.vlan(await asCimStatus(() => createVlan(parts, actorOf(context), id, name)));
    },
  };

  const bridgeName = (vlan: Vlan): string => `${parts.identity.uuid}:br-vlan${vlan.id}`;
  const bridgePath = (vlan: Vlan) => ({
    ...paths.host(),
    className: 'TVDC_SoftwareBridge',
    keys: bindings({ CreationClassName: 'TVDC_SoftwareBridge', Name: bridgeName(vlan) }),
  });

  const bridges = listProvider({
    className: 'TVDC_SoftwareBridge',
    namespace,
    rows: () => inventory.vlans(),
    values: (vlan) => ({
      CreationClassName: 'TVDC_SoftwareBridge',
      Name: bridgeName(vlan),
      NameFormat: 'Other',
      ...elementFacts(`br-vlan${vlan.id}`, 'The software bridge of one VLAN.'),
      ...operationalFacts(),
      EnabledState: 2,
      Dedicated: [38],
    }),
  });

  const bridgeSettingsId = (vlan: Vlan): string => `TVDC:${bridgeName(vlan)}`;
  const bridgeSettings = listProvider({
    className: 'TVDC_SoftwareBridgeSettingData',
    namespace,
    rows: () => inventory.vlans(),
    values: (vlan) => ({
      InstanceID: bridgeSettingsId(vlan),
      ...elementFacts(`br-vlan${vlan.id}`, 'Settings of a software bridge.'),
      VirtualSystemIdentifier: bridgeName(vlan),
      VirtualSystemType: `TVDC:${parts.network.name}`,
      VLANConnection: [String(vlan.id)],
    }),
  });

  const bridgeState = associationProvider({
    className: 'TVDC_SettingsDefineState',
    namespace,
    *links() {
      for (const vlan of inventory.vlans()) {
        const setting = paths.byId('TVDC_SoftwareBridgeSettingData', bridgeSettingsId(vlan));
        yield { ManagedElement: bridgePath(vlan), SettingData: setting };
      }
    },
  });

  const interfaces = listProvider({
    className: 'TVDC_EthernetPort',
    namespace,
    rows: ports,
    find: (path) => findPort(path, 'DeviceID'),
    values: ({ vm, port }) => ({
      ...paths.deviceKeys('TVDC_EthernetPort', vm.uuid, port.id),
      ...elementFacts(`${vm.name} ${port.mac}`, 'A network interface of a virtual machine.'),
      ...operationalFacts(),
      EnabledState: deviceState(vm),
      PermanentAddress: port.mac.replaceAll(':', '').toUpperCase(),
    }),
  });

  const endpoints = listProvider({
    className: 'TVDC_VLANEndpoint',
    namespace,
    rows: ports,
    find: (path) => findPort(path, 'Name'),
    values: (of) => ({
      ...endpointKeys(of),
      ...elementFacts(`${of.vm.name} on vlan:${of.port.vlanId}`, 'Where an interface meets its VLAN.'),
      ...operationalFacts(),
      EnabledState: deviceState(of.vm),
    }),
  });

  const implementsEndpoint = associationProvider({
    className: 'TVDC_PortImplementsEndpoint',
    namespace,
    ...linksByVm(inventory, function* (vm) {
      for (const port of vm.ports) {
        yield {
          Antecedent: paths.device('TVDC_EthernetPort', vm.uuid, port.id),
          Dependent: endpoint({ vm, port }),
        };
      }
    }),
  });

  function* memberLinks(vm: VirtualMachine, only?: number): Iterable<Link> {
    for (const port of vm.ports) {
      const vlan = only === undefined || port.vlanId === only ? inventory.vlan(port.vlanId) : undefined;
      if (vlan !== undefined) yield { Collection: paths.vlan(vlan), Member: endpoint({ vm, port }) };
    }
  }
  const members = associationProvider({
    className: 'TVDC_VLANMember',
    namespace,
    ...linksByVm(
      inventory,
      (vm) => memberLinks(vm),
      function* (object) {
        const vlan = findVlan(object);
        if (vlan !== undefined) for (const vm of inventory.vms()) yield* memberLinks(vm, vlan.id);
      },
    ),
  });

  const hosted = associationProvider({
    className: 'TVDC_HostedCollection',
    namespace,
    *links() {
      for (const vlan of inventory.vlans()) yield { Antecedent: paths.host(), Dependent: paths.vlan(vlan) };
      for (const domain of view.domains.domains()) {
        yield { Antecedent: paths.datacenter(domain.datacenter), Dependent: paths.domain(domain.uuid) };
      }
    },
  });

  const onHost = associationProvider({
    className: 'TVDC_BridgeOnHost',
    namespace,
    *links() {
      for (const vlan of inventory.vlans()) yield { Antecedent: paths.host(), Dependent: bridgePath(vlan) };
    },
  });

  const devices = associationProvider({
    className: 'TVDC_SystemDevice',
    namespace,
    *links() {
      for (const volume of inventory.volumes())
        yield { GroupComponent: paths.host(), PartComponent: paths.volume(volume) };
      yield { GroupComponent: paths.host(), PartComponent: paths.device('TVDC_TPM', 'host', view.hostTpm.uuid) };
    },
    *linksOf(object) {
      const system = paths.host();
      if (samePath(object, system)) yield* this.links();
      const volume = inventory.volume(stringKey(object, 'DeviceID') ?? '');
      if (volume !== undefined) yield { GroupComponent: system, PartComponent: paths.volume(volume) };
      const tpm = paths.device('TVDC_TPM', 'host', view.hostTpm.uuid);
      if (samePath(object, tpm)) yield { GroupComponent: system, PartComponent: tpm };
    },
  });

  return [
    vlans,
    bridges,
    bridgeSettings,
    bridgeState,
    interfaces,
    endpoints,
    implementsEndpoint,
    members,
    hosted,
    onHost,
    devices,
  ];
}

function bindings(keys: Readonly<Record<string, string>>) {
  return Object.entries(keys).map(([name, value]) => ({ name, type: 'string' as const, value }));
}
