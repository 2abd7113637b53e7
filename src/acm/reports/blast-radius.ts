import { type CompiledPolicy, tryResourceName } from '../decisions/index.js';
import type { AssignedLabel, LabelView } from '../labels/index.js';

/** What a VM with a label could reach at most, were it taken over. */
export interface BlastRadius {
  readonly label: string;
  readonly types: readonly string[];
  readonly vmLabels: readonly string[];
  readonly resourceLabels: readonly string[];
  /** Elements that carry one of these labels now. */
  readonly vms: readonly string[];
  readonly resources: readonly string[];
  /**
   * VM labels that can be reached over others: a VM with several types may pass on what it reads, which is why it must be
   * trusted. Direct ones are not repeated.
   */
  readonly throughTrusted: readonly string[];
}

function reachable(policy: CompiledPolicy, from: number, vms: readonly number[]): Set<number> {
  const seen = new Set([from]);
  const queue = [from];
  for (let row = queue.pop(); row !== undefined; row = queue.pop()) {
    for (const other of vms) {
      if (seen.has(other) || !policy.ste.meet(row, other)) continue;
      seen.add(other);
      queue.push(other);
    }
  }
  return seen;
}

/** What the types of a VM label reach; null if the policy does not define the label. */
export function blastRadius(policy: CompiledPolicy, label: string, labels: LabelView): BlastRadius | null {
  const row = policy.vmRow(label);
  if (row === undefined) return null;
  const rows = policy.vmNames.flatMap((name, at) => (name === '' ? [] : [at]));
  const direct = rows.filter((other) => policy.ste.meet(row, other));
  const name = (at: number): string => policy.vmNames[at] ?? '';
  const resources = policy.document.resourceLabels
    .map((resource) => resource.name)
    .filter((resource) => policy.ste.meet(row, policy.resourceRow(resource) ?? 0));
  const directNames = new Set(direct.map(name));
  const resourceNames = new Set(resources);
  const carries = (assigned: AssignedLabel, names: ReadonlySet<string>): boolean =>
    assigned.state === 'valid' && assigned.policy === policy.document.name && names.has(assigned.label);
  return {
    label,
    types: policy.typesOf(row),
    vmLabels: [...directNames],
    resourceLabels: resources,
    vms: [...labels.vms()].filter((entry) => carries(entry, directNames)).map(({ vm }) => vm),
    resources: [...labels.resources()]
      .filter((entry) => carries(entry, resourceNames) && tryResourceName(entry.resource, policy.mode) !== null)
      .map(({ resource }) => resource),
    throughTrusted: [...reachable(policy, row, rows)]
      .map(name)
      .filter((other) => !directNames.has(other) && other !== label),
  };
}
