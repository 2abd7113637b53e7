import type { PolicyRecord } from '../../acm/index.js';
import { formatLabel } from '../../acm/index.js';
import { sameName } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import {
  associationProvider,
  conflictSetId,
  elementFacts,
  type HostView,
  labelId,
  type Link,
  listProvider,
  Paths,
  policyId,
} from '../kit/index.js';
import { type LabelledElement, labelledElement, labelledElements } from './elements.js';

interface LabelRow {
  readonly policy: PolicyRecord;
  readonly kind: 'VM' | 'RES';
  readonly name: string;
  readonly types: readonly string[];
  readonly chwall: readonly string[];
}

interface ConflictRow {
  readonly policy: PolicyRecord;
  readonly id: string;
  readonly name: string;
  readonly types: readonly string[];
}

const labelKinds = { VM: 2, RES: 3 } as const;

/** Policies, their labels and conflict sets, and which element carries which label. */
export function policyProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const { monitor } = parts;
  const paths = new Paths(parts.identity, namespace);

  /** The stored policies and, where it is none of them, the one that is enforced. */
  const policies = (): readonly PolicyRecord[] => {
    const stored = monitor.policies.list();
    const { policy } = monitor;
    const known = stored.some((item) => item.name === policy.name && item.version === policy.version);
    return known ? stored : [policy, ...stored];
  };

  function* labels(): Iterable<LabelRow> {
    for (const policy of policies()) {
      for (const label of policy.document.vmLabels) {
        yield { policy, kind: 'VM', name: label.name, types: label.ste, chwall: label.chwall };
      }
      for (const label of policy.document.resourceLabels) {
        yield { policy, kind: 'RES', name: label.name, types: [label.type].filter((type) => type !== ''), chwall: [] };
      }
    }
  }

  function* conflicts(): Iterable<ConflictRow> {
    for (const policy of policies()) {
      const seen = new Map<string, number>();
      for (const set of policy.document.conflictSets) {
        const count = (seen.get(set.name) ?? 0) + 1;
        seen.set(set.name, count);
        const suffix = count === 1 ? '' : `#${count}`;
        yield {
          policy,
          id: conflictSetId(policy.name, policy.version, set.name + suffix),
          name: set.name,
          types: set.types,
        };
      }
    }
  }

  const policyProvider = listProvider({
    className: 'TVDC_SecurityPolicy',
    namespace,
    rows: policies,
    values: (policy) => ({
      InstanceID: policyId(policy.name, policy.version),
      ...elementFacts(`${policy.name} ${policy.version}`, 'A security policy: labels and conflict sets.'),
      PolicyName: policy.name,
      PolicyVersion: policy.version,
      FromName: policy.document.fromPolicy?.name ?? null,
      FromVersion: policy.document.fromPolicy?.version.text ?? null,
      State: policy.stateNumber,
      Digest: policy.sha256,
      SHA1: policy.sha1,
    }),
  });

  const labelProvider = listProvider({
    className: 'TVDC_SecurityLabel',
    namespace,
    rows: labels,
    values: (row) => {
      const fullName = formatLabel(row.policy.name, row.name);
      return {
        InstanceID: labelId(row.policy.name, row.policy.version, row.kind, row.name),
        ...elementFacts(
          row.name,
          'A security label. Two elements may share if their labels have a type in common; labels are not ordered.',
        ),
        SecurityLevel: fullName,
        FullName: fullName,
        Kind: labelKinds[row.kind],
        Types: [...row.types],
        ChineseWallTypes: [...row.chwall],
        IsBootstrap: row.kind === 'VM' && row.name === row.policy.document.bootstrap,
        State: row.policy.state === 'superseded' ? 3 : 2,
      };
    },
  });

  const conflictProvider = listProvider({
    className: 'TVDC_ConflictSet',
    namespace,
    rows: conflicts,
    values: (row) => ({
      InstanceID: row.id,
      ...elementFacts(row.name, 'Types of which only one may run on a host at a time.'),
      Types: [...row.types],
    }),
  });

  const components = associationProvider({
    className: 'TVDC_PolicyComponent',
    namespace,
    *links() {
      for (const row of labels()) {
        yield {
          GroupComponent: paths.policy(row.policy.name, row.policy.version),
          PartComponent: paths.label(row.policy.name, row.policy.version, row.kind, row.name),
        };
      }
      for (const row of conflicts()) {
        yield {
          GroupComponent: paths.policy(row.policy.name, row.policy.version),
          PartComponent: paths.byId('TVDC_ConflictSet', row.id),
        };
      }
    },
  });

  const ofHost = associationProvider({
    className: 'TVDC_ElementSettingData',
    namespace,
    *links() {
      for (const policy of policies()) {
        yield {
          ManagedElement: paths.host(),
          SettingData: paths.policy(policy.name, policy.version),
          IsCurrent: policy.state === 'enabled' ? 1 : 2,
          IsNext: policy.state === 'deployed' ? 1 : 2,
        };
      }
    },
  });

  /** The label that an element carries, if the enforced policy has it. */
  const assignment = (element: LabelledElement): Link | null => {
    const { policy } = monitor;
    if (!element.valid || element.policy !== policy.name) return null;
    return {
      SecurityLevel: paths.label(policy.name, policy.version, element.kind, element.label),
      ManagedElement: element.path,
    };
  };
  const assignments = associationProvider({
    className: 'TVDC_ElementSecurityLabel',
    namespace,
    *links() {
      for (const element of labelledElements(view)) {
        const link = assignment(element);
        if (link !== null) yield link;
      }
    },
    *linksOf(object) {
      if (sameName(object.className, 'TVDC_SecurityLabel')) {
        yield* this.links();
        return;
      }
      const element = labelledElement(view, object);
      const link = element === null ? null : assignment(element);
      if (link !== null) yield link;
    },
  });

  return [policyProvider, labelProvider, conflictProvider, components, ofHost, assignments];
}
