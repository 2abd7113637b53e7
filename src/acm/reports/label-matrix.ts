import type { CompiledPolicy } from '../decisions/index.js';
import { unlabeledName } from '../policy/index.js';

/** One label of a matrix. */
export interface MatrixLabel {
  readonly kind: 'vm' | 'resource';
  readonly name: string;
  readonly types: readonly string[];
}

/** Who may share with whom. */
export interface LabelMatrix {
  readonly rows: readonly MatrixLabel[];
  readonly columns: readonly MatrixLabel[];
  /** For each row and column the types in common; none: no sharing. */
  readonly common: readonly (readonly (readonly string[])[])[];
}

/** The matrix of all VM labels against all VM and resource labels, each in the order of its rows in the policy. */
export function labelMatrix(policy: CompiledPolicy): LabelMatrix {
  const vms = policy.vmNames.flatMap((name, row) => (name === '' ? [] : [{ kind: 'vm' as const, name, row }]));
  const resources = policy.document.resourceLabels
    .filter(({ name }) => name !== unlabeledName)
    .map(({ name }) => ({ kind: 'resource' as const, name, row: policy.resourceRow(name) ?? 0 }));
  const label = ({ kind, name, row }: (typeof vms | typeof resources)[number]): MatrixLabel => ({
    kind,
    name,
    types: policy.typesOf(row),
  });
  const columns = [...vms, ...resources];
  return {
    rows: vms.map(label),
    columns: columns.map(label),
    common: vms.map((vm) => columns.map((column) => policy.commonTypes(vm.row, column.row))),
  };
}
