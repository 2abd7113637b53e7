import { hash, toHex } from '../../base/index.js';
import type { PolicyDocument } from './document.js';
import { sourceOf } from './source.js';
import { writePolicyXml } from './write-xml.js';
import { serializePolicyText } from './xml-identity.js';

/** The XML form that identifies a policy and its digests, in lower-case hex. */
export interface PolicyDigests {
  readonly xml: string;
  readonly sha1: string;
  readonly sha256: string;
}

const known = new WeakMap<PolicyDocument, PolicyDigests>();

/**
 * Digests of a policy, both over its XML form: the text it was read from (re-serialised as the original does), or the form that
 * {@link writePolicyXml} gives.
 */
export function policyDigests(document: PolicyDocument): PolicyDigests {
  const before = known.get(document);
  if (before !== undefined) return before;
  const source = sourceOf(document);
  const xml = source?.format === 'xml' ? serializePolicyText(source.text) : writePolicyXml(document);
  const bytes = new TextEncoder().encode(xml);
  const digests: PolicyDigests = { xml, sha1: toHex(hash('sha1', bytes)), sha256: toHex(hash('sha256', bytes)) };
  known.set(document, digests);
  return digests;
}
