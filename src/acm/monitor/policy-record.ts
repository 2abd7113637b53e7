import { type PolicyDocument, policyDigests } from '../policy/index.js';
import type { PolicyIdentity } from './policy-identity.js';

export const policyStates = ['draft', 'deployed', 'enabled', 'superseded'] as const;
export type PolicyState = (typeof policyStates)[number];

const stateNumbers = { draft: 2, deployed: 3, enabled: 4, superseded: 5 } as const;

/** A stored policy. */
export interface PolicyRecord extends PolicyIdentity {
  readonly document: PolicyDocument;
  readonly state: PolicyState;
  /** Number of the state in the CIM property State: Draft 2, Deployed 3, Enabled 4, Superseded 5. */
  readonly stateNumber: 2 | 3 | 4 | 5;
  /** The XML form whose digests these are. */
  readonly xml: string;
  /** Lower-case hex, as in the binary form. */
  readonly sha1: string;
}

/** The record of a document in a state. */
export function policyRecord(document: PolicyDocument, state: PolicyState): PolicyRecord {
  const { xml, sha1, sha256 } = policyDigests(document);
  return Object.freeze({
    name: document.name,
    version: document.version.text,
    sha256,
    document,
    state,
    stateNumber: stateNumbers[state],
    xml,
    sha1,
  });
}
