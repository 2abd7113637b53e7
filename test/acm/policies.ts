import { parsePolicyJson, type PolicyDocument } from '../../src/acm/index.js';

/** The JSON form of a small policy, with what a test wants different. */
export function policyJson(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: 'p',
    version: '1.0',
    from_policy: null,
    ste_types: ['S', 'A', 'B'],
    chwall_types: ['S', 'A', 'B'],
    chwall_primary: true,
    conflict_sets: [],
    bootstrap: 'S',
    vm_labels: [
      { name: 'S', ste: ['S', 'A', 'B'], chwall: ['S'] },
      { name: 'A', ste: ['A'], chwall: ['A'] },
      { name: 'B', ste: ['B'], chwall: ['B'] },
      { name: 'AB', ste: ['A', 'B'], chwall: [] },
    ],
    resource_labels: [
      { name: 'A', ste: ['A'] },
      { name: 'B', ste: ['B'] },
    ],
    ...changes,
  };
}

export const policy = (changes: Readonly<Record<string, unknown>> = {}): PolicyDocument =>
  parsePolicyJson(policyJson(changes));
