import type { PolicyDocument } from './document.js';

/** The text that a document was read from. */
export interface PolicySource {
  readonly format: 'xml' | 'json';
  readonly text: string;
}

// Keyed by identity: a document derived from another by copying must not inherit its text.
const sources = new WeakMap<PolicyDocument, PolicySource>();

export function rememberSource(document: PolicyDocument, source: PolicySource): PolicyDocument {
  sources.set(document, source);
  return document;
}

/** What a document was read from; undefined if it was made by a program. */
export function sourceOf(document: PolicyDocument): PolicySource | undefined {
  return sources.get(document);
}
