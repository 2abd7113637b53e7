import { sortedNames } from './code-points.js';
import type { PolicyDocument, ResourceLabel, VmLabel } from './document.js';
import { unlabeledName } from './names.js';

/**
 * Rows of both matrices as the original numbers them: row 0 is "no label", row 1 the bootstrap label, then the other VM
 * labels and (STE only) the resource labels, each group sorted by code point.
 */
export interface LabelOrder {
  /** Row 0 where the policy defines `__UNLABELED__` for VMs, else null: an empty row. */
  readonly unlabeled: VmLabel | null;
  /** Row 1 onward. */
  readonly vms: readonly VmLabel[];
  /** Behind the VM labels. */
  readonly resources: readonly ResourceLabel[];
}

export function labelOrder(document: PolicyDocument): LabelOrder {
  const vms = new Map(document.vmLabels.map((label) => [label.name, label]));
  const resources = new Map(document.resourceLabels.map((label) => [label.name, label]));
  const unlabeled = vms.get(unlabeledName) ?? null;
  const bootstrap = vms.get(document.bootstrap);
  vms.delete(unlabeledName);
  resources.delete(unlabeledName);
  const ordered = sortedNames(vms.keys())
    .map((name) => vms.get(name) as VmLabel)
    .filter((label) => label !== bootstrap);
  return {
    unlabeled,
    vms: bootstrap === undefined || bootstrap === unlabeled ? ordered : [bootstrap, ...ordered],
    resources: sortedNames(resources.keys()).map((name) => resources.get(name) as ResourceLabel),
  };
}
