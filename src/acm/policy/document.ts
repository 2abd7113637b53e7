import type { PolicyVersion } from './version.js';

/** Which policy a new version replaces: both texts must equal those of the running one. */
export interface PolicyReference {
  readonly name: string;
  readonly version: PolicyVersion;
}

/** Free texts of the header; none of them takes part in a decision. */
export interface PolicyHeader {
  readonly url?: string;
  readonly reference?: string;
  readonly date?: string;
  readonly nameSpaceUrl?: string;
}

/** At most one of `types` may run on a host at a time. */
export interface ConflictSet {
  readonly name: string;
  readonly types: readonly string[];
}

/** `from` names the label of the running policy that this one renames. */
export interface VmLabel {
  readonly name: string;
  readonly from?: string;
  readonly ste: readonly string[];
  readonly chwall: readonly string[];
}

/** A resource has exactly one type. */
export interface ResourceLabel {
  readonly name: string;
  readonly from?: string;
  readonly type: string;
}

/**
 * A policy as its author wrote it: order of the document kept, nothing resolved, an empty type read as "no type".
 * Immutable; made by {@link parsePolicyXml}, {@link parsePolicyJson} or {@link createPolicy}.
 */
export interface PolicyDocument {
  readonly name: string;
  readonly version: PolicyVersion;
  readonly header: PolicyHeader;
  readonly fromPolicy: PolicyReference | null;
  readonly steTypes: readonly string[];
  readonly chwallTypes: readonly string[];
  /** The priority attribute of the document; compilers ignore it. */
  readonly chwallPrimary: boolean;
  readonly conflictSets: readonly ConflictSet[];
  /** The VM label that Domain-0 gets when the policy is loaded at boot. */
  readonly bootstrap: string;
  readonly vmLabels: readonly VmLabel[];
  readonly resourceLabels: readonly ResourceLabel[];
}

/** Removes the empty type, which stands for "no type" because lists of types may not be empty in XML. */
export function withoutEmptyType(types: readonly string[]): readonly string[] {
  return types.includes('') ? types.filter((type) => type !== '') : types;
}

function freezeLabel<L extends VmLabel>(label: L): L {
  Object.freeze(label.ste);
  Object.freeze(label.chwall);
  return Object.freeze(label);
}

/** Freezes a document and everything in it; every reader ends here. */
export function createPolicy(document: PolicyDocument): PolicyDocument {
  for (const label of document.vmLabels) freezeLabel(label);
  for (const label of document.resourceLabels) Object.freeze(label);
  for (const set of document.conflictSets) {
    Object.freeze(set.types);
    Object.freeze(set);
  }
  for (const list of [document.steTypes, document.chwallTypes, document.conflictSets]) Object.freeze(list);
  Object.freeze(document.vmLabels);
  Object.freeze(document.resourceLabels);
  Object.freeze(document.header);
  if (document.fromPolicy !== null) Object.freeze(document.fromPolicy);
  return Object.freeze(document);
}
