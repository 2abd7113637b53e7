import type { CimInstancePath, CimValue } from '../../cim/index.js';
import type { RoleRule, RuleQuestion } from '../../cimom/index.js';
import { type Domains, type HostParts, type Jobs, vlanResource } from '../../vmm/index.js';
import { createElementFinder, type HostElements } from './elements.js';

const managementType = 'SystemManagement';

/** Types of the domains that grants cover. */
export function typesOfGrants(domains: Domains, grants: RuleQuestion['grants']): ReadonlySet<string> {
  const types = new Set<string>();
  for (const grant of grants) {
    const covered = domains
      .domains()
      .filter((domain) => grant.datacenter === null || domain.datacenter === grant.datacenter)
      .filter((domain) => grant.domains === null || grant.domains.includes(domain.uuid));
    for (const domain of covered) for (const type of domain.types) types.add(type);
  }
  return types;
}

function textOf(value: CimValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/**
 * What roles other than the datacenter administrator's may change. A TVDc administrator assigns labels, only within the
 * types of their own domains, never the management VM's; starts and stops; asks. They touch neither policy nor labels.
 * @param ownerOf who made a filter, destination or subscription; undefined: not known
 */
export function roleRules(
  parts: HostParts,
  domains: Domains,
  host: HostElements,
  ownerOf: (path: CimInstancePath) => string | undefined,
  jobs: Pick<Jobs, 'find'>,
): readonly RoleRule[] {
  const { monitor } = parts;
  const elementOf = createElementFinder(parts, host);

  const typesOfLabel = (text: string): readonly string[] => {
    const name = text.split(':').at(-1) ?? '';
    const { document } = monitor.policy;
    const vm = document.vmLabels.find((label) => label.name === name);
    const resource = document.resourceLabels.find((label) => label.name === name);
    return [...(vm?.ste ?? []), ...(vm?.chwall ?? []), ...(resource === undefined ? [] : [resource.type])];
  };

  /** Types of the label that an element has now. */
  const typesOfElement = (value: CimValue | undefined): readonly string[] => {
    if (typeof value !== 'object' || value === null || !('kind' in value) || value.kind !== 'instance-path') return [];
    const element = elementOf(value);
    if (element.kind === 'vm') return domains.typesOfVm(element.id);
    if (element.kind === 'vlan') return domains.typesOfResource(vlanResource(element.id));
    const volume = element.kind === 'volume' ? parts.inventory.volume(element.id) : undefined;
    return volume === undefined ? [] : domains.typesOfResource(volume.resource);
  };

  const checkAssignment = ({ grants, action }: RuleQuestion): string | null => {
    const allowed = typesOfGrants(domains, grants);
    const label = textOf(action.parameters['Label']);
    const name = label.split(':').at(-1);
    if (name === monitor.policy.document.bootstrap) return 'the label of the management VM is not theirs to assign';
    const types = typesOfLabel(label);
    if (types.includes(managementType)) return 'a label with the type SystemManagement is not theirs to assign';
    if (types.some((type) => !allowed.has(type))) return 'the label belongs to another workload';
    if (typesOfElement(action.parameters['Element']).some((type) => !allowed.has(type)))
      return 'the element belongs to another workload too';
    return null;
  };

  /** Who holds several types can reach other workloads too: that is for the datacenter administrator to accept. */
  const checkRating = ({ action: { object, parameters } }: RuleQuestion): string | null => {
    const wanted = Object.entries(parameters).filter(([name]) => name.toLowerCase() === 'trusted');
    const element = object?.kind === 'instance-path' ? elementOf(object) : null;
    const now = element?.kind === 'vm' && parts.inventory.vm(element.id)?.trusted === true;
    return wanted.every(([, value]) => value === null || value === now)
      ? null
      : 'the trusted mark is not theirs to set';
  };

  /** Indications go out with the rights of the subscription's owner: nobody else turns them elsewhere or silences them. */
  const checkOwner = ({ caller, action: { object } }: RuleQuestion): string | null =>
    object?.kind === 'instance-path' && ownerOf(object) !== caller.user ? 'it belongs to another user' : null;

  /** What others have begun only the datacenter administrator ends or removes. */
  const checkJob = ({ caller, action: { object } }: RuleQuestion): string | null => {
    const element = object?.kind === 'instance-path' ? elementOf(object) : null;
    const job = element?.kind === 'job' ? jobs.find(element.id) : undefined;
    return job !== undefined && job.user !== caller.user ? 'the job was started by another user' : null;
  };

  return [
    {
      roles: ['tvdc-admin'],
      classes: ['TVDC_SecurityPolicyService'],
      access: 'invoke',
      names: ['AssignLabel', 'RemoveLabel'],
      check: checkAssignment,
    },
    {
      roles: ['tvdc-admin', 'observer'],
      classes: ['TVDC_SecurityPolicyService'],
      access: 'invoke',
      names: ['EvaluateAccess', 'ExportPolicy'],
    },
    {
      roles: ['peer'],
      classes: ['TVDC_VirtualSystemMigrationService'],
      access: 'invoke',
      names: ['CheckIncoming', 'PrepareIncoming', 'TransferIncoming', 'CommitIncoming', 'AbortIncoming', 'GetDecision'],
    },
    { roles: ['tvdc-admin'], classes: ['TVDC_ComputerSystem'], access: 'invoke', names: ['RequestStateChange'] },
    {
      roles: ['tvdc-admin'],
      classes: ['TVDC_ComputerSystem'],
      access: 'write',
      names: ['ModifyInstance'],
      check: checkRating,
    },
    {
      roles: ['tvdc-admin', 'observer'],
      classes: ['TVDC_VirtualSystemManagementService'],
      access: 'invoke',
      names: ['CheckStart'],
    },
    {
      roles: ['tvdc-admin'],
      classes: ['TVDC_TrustedVirtualDomainService'],
      access: 'invoke',
      names: ['ChangeMembersState'],
    },
    {
      roles: ['tvdc-admin', 'observer'],
      classes: ['TVDC_ConcreteJob'],
      access: 'invoke',
      names: ['GetError', 'GetErrors'],
    },
    {
      roles: ['tvdc-admin'],
      classes: ['TVDC_ConcreteJob'],
      access: 'invoke',
      names: ['RequestStateChange', 'KillJob'],
      check: checkJob,
    },
    {
      roles: ['tvdc-admin'],
      classes: ['TVDC_ConcreteJob'],
      access: 'write',
      names: ['ModifyInstance', 'SetProperty', 'DeleteInstance'],
      check: checkJob,
    },
    {
      roles: ['tvdc-admin', 'observer'],
      classes: ['CIM_RegisteredProfile'],
      access: 'invoke',
      names: ['GetCentralInstances'],
    },
    {
      roles: ['tvdc-admin', 'observer'],
      classes: ['TVDC_TPM', 'TVDC_VirtualTPM'],
      access: 'invoke',
      names: ['GetIdentity', 'ActivateCredential', 'Quote', 'GetEvidence'],
    },
    {
      roles: ['tvdc-admin', 'observer'],
      classes: ['TVDC_CertificateAuthority'],
      access: 'invoke',
      names: ['GetRevocationLists'],
    },
    {
      roles: ['tvdc-admin', 'observer'],
      classes: ['TVDC_MeasurementLog'],
      access: 'invoke',
      names: ['GetMeasurements'],
    },
    {
      roles: ['tvdc-admin', 'observer'],
      classes: [
        'CIM_IndicationFilter',
        'CIM_ListenerDestinationCIMXML',
        'CIM_IndicationHandlerCIMXML',
        'CIM_IndicationSubscription',
      ],
      access: 'write',
      names: ['CreateInstance', 'ModifyInstance', 'SetProperty', 'DeleteInstance'],
      check: checkOwner,
    },
  ];
}
