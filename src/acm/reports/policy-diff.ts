import { isDeepStrictEqual } from 'node:util';
import type { PolicyDocument } from '../policy/index.js';

/** One difference between two policies. */
export interface PolicyDifference {
  readonly kind: 'header' | 'type' | 'chwall type' | 'conflict set' | 'vm label' | 'resource label';
  readonly change: 'added' | 'removed' | 'changed' | 'renamed';
  readonly name: string;
  /** The old name of something renamed. */
  readonly from?: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

type Kind = PolicyDifference['kind'];
interface Item {
  readonly name: string;
  readonly from?: string;
}

const sorted = (types: readonly string[]): readonly string[] => [...types].sort();

function compareNames(kind: Kind, before: readonly string[], after: readonly string[]): PolicyDifference[] {
  const [old, now] = [new Set(before), new Set(after)];
  const removed = before.filter((name) => !now.has(name));
  const added = after.filter((name) => !old.has(name));
  return [
    ...removed.map((name) => ({ kind, change: 'removed' as const, name })),
    ...added.map((name) => ({ kind, change: 'added' as const, name })),
  ];
}

function compareItems<T extends Item>(
  kind: Kind,
  before: readonly T[],
  after: readonly T[],
  content: (item: T) => unknown,
): PolicyDifference[] {
  const old = new Map(before.map((item) => [item.name, item]));
  const differences: PolicyDifference[] = [];
  for (const item of after) {
    const { name, from } = item;
    const renamed = from !== undefined && from !== name && old.has(from) ? from : undefined;
    const previous = old.get(renamed ?? name);
    old.delete(renamed ?? name);
    if (previous === undefined) {
      differences.push({ kind, change: 'added', name, after: content(item) });
      continue;
    }
    const contents = { before: content(previous), after: content(item) };
    if (renamed !== undefined) differences.push({ kind, change: 'renamed', name, from: renamed, ...contents });
    else if (!isDeepStrictEqual(contents.before, contents.after))
      differences.push({ kind, change: 'changed', name, ...contents });
  }
  for (const item of old.values())
    differences.push({ kind, change: 'removed', name: item.name, before: content(item) });
  return differences;
}

/** What changes from one policy to another; the order of types within a label does not count. */
export function diffPolicies(before: PolicyDocument, after: PolicyDocument): readonly PolicyDifference[] {
  const header = (['name', 'bootstrap'] as const).flatMap((name): PolicyDifference[] =>
    before[name] === after[name]
      ? []
      : [{ kind: 'header', change: 'changed', name, before: before[name], after: after[name] }],
  );
  const versions = { before: before.version.text, after: after.version.text };
  return [
    ...header,
    ...(versions.before === versions.after
      ? []
      : [{ kind: 'header', change: 'changed', name: 'version', ...versions } as const]),
    ...compareNames('type', before.steTypes, after.steTypes),
    ...compareNames('chwall type', before.chwallTypes, after.chwallTypes),
    ...compareItems('conflict set', before.conflictSets, after.conflictSets, ({ types }) => sorted(types)),
    ...compareItems('vm label', before.vmLabels, after.vmLabels, ({ ste, chwall }) => ({
      ste: sorted(ste),
      chwall: sorted(chwall),
    })),
    ...compareItems('resource label', before.resourceLabels, after.resourceLabels, ({ type }) => type),
  ];
}
