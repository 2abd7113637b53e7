import type { CimValue } from '../../cim/index.js';
import type { RoleRule, RuleQuestion } from '../../cimom/index.js';
import type { Domains, HostParts } from '../../vmm/index.js';

const managementType = 'SystemManagement';

/** Types of the domains that grants cover; null: all types. */
export function typesOfGrants(domains: Domains, grants: RuleQuestion['grants']): ReadonlySet<string> | null {
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
 */
export function roleRules(parts: HostParts, domains: Domains): readonly RoleRule[] {
  const { monitor } = parts;

  const typesOfLabel = (text: string): readonly string[] => {
    const name = text.split(':').at(-1) ?? '';
    const { document } = monitor.policy;
    const vm = document.vmLabels.find((label) => label.name === name);
    const resource = document.resourceLabels.find((label) => label.name === name);
    return [...(vm?.ste ?? []), ...(resource === undefined ? [] : [resource.type])];
  };

  const checkAssignment = ({ grants, action }: RuleQuestion): string | null => {
    const allowed = typesOfGrants(domains, grants);
    const label = textOf(action.parameters['Label']);
    const name = label.split(':').at(-1);
    if (name === monitor.policy.document.bootstrap) return 'the label of the management VM is not theirs to assign';
    const types = typesOfLabel(label);
    if (types.includes(managementType)) return 'a label with the type SystemManagement is not theirs to assign';
    if (allowed !== null && types.some((type) => !allowed.has(type))) return 'the label belongs to another workload';
    return null;
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
    { roles: ['tvdc-admin'], classes: ['TVDC_ComputerSystem'], access: 'invoke', names: ['RequestStateChange'] },
    { roles: ['tvdc-admin'], classes: ['TVDC_ComputerSystem'], access: 'write', names: ['ModifyInstance'] },
    {
      roles: ['tvdc-admin'],
      classes: ['TVDC_TrustedVirtualDomainService'],
      access: 'invoke',
      names: ['ChangeMembersState'],
    },
    {
      roles: ['tvdc-admin', 'observer'],
      classes: ['TVDC_TPM', 'TVDC_VirtualTPM'],
      access: 'invoke',
      names: ['GetIdentity', 'ActivateCredential', 'Quote', 'GetEvidence'],
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
      names: null,
    },
  ];
}
