import { type AssignedLabel, inaccessible } from '../labels/index.js';
import type { PolicyDocument } from '../policy/index.js';

type Kind = 'vm' | 'resource';

interface Named {
  readonly name: string;
  readonly from?: string;
}

/** What a policy update does to labels: renamed by `from`, kept under the same name, or gone. */
export class LabelMoves {
  readonly #old: PolicyDocument;
  readonly #new: PolicyDocument;
  readonly #moves: Readonly<Record<Kind, ReadonlyMap<string, string>>>;

  constructor(old: PolicyDocument, next: PolicyDocument) {
    this.#old = old;
    this.#new = next;
    this.#moves = { vm: moves(next.vmLabels), resource: moves(next.resourceLabels) };
  }

  /** New name of a label; undefined if it is not defined any more. */
  nameOf(kind: Kind, label: string): string | undefined {
    return this.#moves[kind].get(label);
  }

  /** What becomes of an element's label. Labels of other policies, and lost ones, stay as they are. */
  moved(kind: Kind, assigned: AssignedLabel): AssignedLabel {
    if (assigned.policy === inaccessible.policy || assigned.state === 'invalidated') return assigned;
    if (assigned.policy !== this.#old.name) return assigned;
    const label = this.nameOf(kind, assigned.label);
    if (label === undefined) return { policy: assigned.policy, label: assigned.label, state: 'invalidated' };
    return { policy: this.#new.name, label, state: 'valid' };
  }
}

function moves(labels: readonly Named[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name } of labels) found.set(name, name);
  for (const { name, from } of labels) if (from !== undefined) found.set(from, name);
  return found;
}

/** A `from` that names no label of the running policy, or one that two labels claim; null if there is none. */
export function badRenaming(
  old: PolicyDocument,
  next: PolicyDocument,
): { kind: Kind; name: string; from: string } | null {
  const groups = [
    { kind: 'vm', before: old.vmLabels, after: next.vmLabels },
    { kind: 'resource', before: old.resourceLabels, after: next.resourceLabels },
  ] as const;
  for (const { kind, before, after } of groups) {
    const names = new Set((before as readonly Named[]).map(({ name }) => name));
    const claimed = new Set<string>();
    for (const { name, from } of after as readonly Named[]) {
      if (from === undefined) continue;
      if (!names.has(from) || claimed.has(from)) return { kind, name, from };
      claimed.add(from);
    }
  }
  return null;
}
