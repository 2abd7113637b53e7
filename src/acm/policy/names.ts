/** VM label or resource label that stands for "no label" where a policy defines it (row 0 of both matrices). */
export const unlabeledName = '__UNLABELED__';
/** What a map file prints for row 0 of a policy that does not define {@link unlabeledName}. */
export const nullLabelName = '__NULL_LABEL__';
/** Pseudo label of a resource that nobody may use, whatever the policy. */
export const inaccessibleName = '__INACCESSIBLE__';
/** The management VM: runs from the start with the bootstrap label. */
export const domainZero = 'Domain-0';
/** Name of the policy that is enforced where none was set. */
export const defaultPolicyName = 'DEFAULT';

/** A label in its full form `ACM:<policy>:<label>`. */
export interface LabelText {
  readonly policy: string;
  readonly label: string;
}

/** `ACM:<policy>:<label>`. */
export function formatLabel(policy: string, label: string): string {
  return `ACM:${policy}:${label}`;
}

/**
 * Reads `ACM:<policy>:<label>`, or a bare label name that then belongs to `policy`.
 * Null for anything else: names of policies and labels hold no colon.
 */
export function tryParseLabel(text: string, policy: string): LabelText | null {
  const parts = text.split(':');
  if (parts.length === 1) return text === '' ? null : { policy, label: text };
  if (parts.length !== 3 || parts[0] !== 'ACM' || parts[1] === '' || parts[2] === '') return null;
  return { policy: parts[1] as string, label: parts[2] as string };
}
