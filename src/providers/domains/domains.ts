import { CimError, type CimInstancePath, type CimValue, stringKey } from '../../cim/index.js';
import type { MethodFunction, MethodOutcome, Provider } from '../../cimom/index.js';
import {
  changeDomainState,
  type MemberResult,
  membersJob,
  type TrustedVirtualDomain,
  VmmError,
} from '../../vmm/index.js';
import {
  actorOf,
  associationProvider,
  domainId,
  elementFacts,
  type HostView,
  type Link,
  jobStarted,
  listProvider,
  ownMethod,
  ownOutcome,
  Paths,
  requiredText,
  serviceValues,
  textList,
  operationalFacts,
  returnCodes,
} from '../kit/index.js';

const className = 'TVDC_TrustedVirtualDomainService';

function domainOf(view: HostView, value: CimValue | undefined): TrustedVirtualDomain {
  const path =
    typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance-path' ? value : null;
  const id = path === null ? '' : (stringKey(path, 'InstanceID') ?? '');
  const domain = view.domains.domain(id.replace(/^TVDC:tvd:/, ''));
  if (domain === undefined) throw new CimError(6, `no Trusted Virtual Domain ${id}`);
  return domain;
}

const requests: Readonly<Record<number, 'running' | 'off'>> = { 2: 'running', 3: 'off' };

/** What came of the members: where one of them failed, the method has failed, and tells of each all the same. */
function membersOutcome(results: readonly MemberResult[]): MethodOutcome {
  const Results = results.map(({ name, state, sentence }) => `${name}: ${sentence === '' ? state : sentence}`);
  const failed = results.filter(({ error }) => error !== null).length;
  if (failed === 0) return { returnValue: returnCodes.completed, out: { Results } };
  const { message } = new VmmError('parts_failed', [String(failed), String(results.length)]);
  return { returnValue: returnCodes.failed, out: { Results, Explanation: message } };
}

function changeMembersState(view: HostView): MethodFunction {
  const { parts, domains, jobs } = view;
  return async (context, _self, parameters) => {
    const wanted = requests[Number(parameters['RequestedState'])];
    if (wanted === undefined) return { returnValue: returnCodes.notSupported };
    const actor = actorOf(context);
    return ownOutcome(async () => {
      const domain = domainOf(view, parameters['Domain']);
      const answer = await jobs.run(membersJob(actor, domains, domain, wanted), (control) =>
        changeDomainState(parts, actor, domains, domain.uuid, wanted, { control, earlier: [] }),
      );
      return answer.kind === 'job' ? jobStarted(view, answer.job) : membersOutcome(answer.value);
    });
  };
}

/** The virtual datacenter, its hosts, its Trusted Virtual Domains and their members. */
export function domainProviders(view: HostView): readonly Provider[] {
  const { parts, namespace, domains } = view;
  const paths = new Paths(parts.identity, namespace);

  const datacenterName = (self: CimInstancePath | null): string => {
    const name = self === null ? undefined : stringKey(self, 'Name');
    if (name === undefined) throw new CimError(4, 'the method belongs to an instance of TVDC_VirtualDatacenter');
    return name;
  };

  const datacenters: Provider = {
    ...listProvider({
      className: 'TVDC_VirtualDatacenter',
      namespace,
      rows: () => domains.datacenters(),
      values: (datacenter) => ({
        CreationClassName: 'TVDC_VirtualDatacenter',
        Name: datacenter.name,
        ...elementFacts(datacenter.name, 'Hosts that are administered as a group with one policy.'),
        ...operationalFacts(),
        PolicyName: datacenter.hosts.includes(parts.identity.uuid) ? parts.monitor.policy.name : null,
      }),
      methods: {
        JoinDatacenter: (context, self) => ownMethod(() => domains.join(actorOf(context), datacenterName(self))),
        LeaveDatacenter: (context, self) => ownMethod(() => domains.leave(actorOf(context), datacenterName(self))),
      },
    }),
    async create(context, instance) {
      const datacenter = await domains.createDatacenter(actorOf(context), instance.getString('Name') ?? '');
      return paths.datacenter(datacenter.name);
    },
  };

  const hosts = associationProvider({
    className: 'TVDC_ManagedHost',
    namespace,
    *links() {
      for (const datacenter of domains.datacenters()) {
        if (datacenter.hosts.includes(parts.identity.uuid)) {
          yield { GroupComponent: paths.datacenter(datacenter.name), PartComponent: paths.host() };
        }
      }
    },
  });

  const domainList = listProvider({
    className: 'TVDC_TrustedVirtualDomain',
    namespace,
    rows: () => domains.domains(),
    find: (path) => domains.domain((stringKey(path, 'InstanceID') ?? '').replace(/^TVDC:tvd:/, '')),
    values: (domain) => ({
      InstanceID: domainId(domain.uuid),
      ...elementFacts(domain.name, 'Virtual machines and resources of one workload.'),
      Types: [...domain.types],
    }),
  });

  function* membersOf(domain: TrustedVirtualDomain): Iterable<Link> {
    const collection = paths.domain(domain.uuid);
    const { vms, volumes, vlans } = domains.members(domain);
    for (const vm of vms) yield { Collection: collection, Member: paths.vm(vm.uuid) };
    for (const volume of volumes) yield { Collection: collection, Member: paths.volume(volume) };
    for (const vlan of vlans) yield { Collection: collection, Member: paths.vlan(vlan) };
  }
  /** Types of the label that a virtual machine, volume or VLAN carries. */
  const typesOf = (path: CimInstancePath): readonly string[] => {
    const key = (name: string): string => stringKey(path, name) ?? '';
    switch (path.className.toLowerCase()) {
      case 'tvdc_computersystem':
        return domains.typesOfVm(key('Name'));
      case 'tvdc_storagevolume':
        return domains.typesOfResource(parts.inventory.volume(key('DeviceID'))?.resource ?? '');
      case 'tvdc_vlan':
        return domains.typesOfResource(/:(vlan:\d+)$/.exec(key('InstanceID'))?.[1] ?? '');
      default:
        return [];
    }
  };
  const members = associationProvider({
    className: 'TVDC_DomainMember',
    namespace,
    *links(): Iterable<Link> {
      for (const domain of domains.domains()) yield* membersOf(domain);
    },
    *linksOf(object) {
      const domain = domains.domain((stringKey(object, 'InstanceID') ?? '').replace(/^TVDC:tvd:/, ''));
      if (domain !== undefined) yield* membersOf(domain);
      const types = typesOf(object);
      if (types.length === 0) return;
      for (const each of domains.domains()) {
        if (each.types.some((type) => types.includes(type)))
          yield { Collection: paths.domain(each.uuid), Member: object };
      }
    },
  });

  const methods: Readonly<Record<string, MethodFunction>> = {
    CreateDomain: (context, _self, parameters) =>
      ownMethod(async () => {
        const datacenter = requiredText(parameters, 'Datacenter');
        const name = requiredText(parameters, 'Name');
        const domain = await domains.createDomain(actorOf(context), name, datacenter, textList(parameters, 'Types'));
        return { ResultingDomain: paths.domain(domain.uuid) };
      }),
    DeleteDomain: (context, _self, parameters) =>
      ownMethod(() => domains.deleteDomain(actorOf(context), domainOf(view, parameters['Domain']).uuid)),
    ChangeMembersState: changeMembersState(view),
  };

  const service = listProvider({
    className,
    namespace,
    rows: () => [parts.identity],
    values: () => serviceValues(paths, className, 'Trusted Virtual Domains'),
    methods,
  });

  return [datacenters, hosts, domainList, members, service];
}
