import { createPolicy, type PolicyDocument, policyVersion } from '../policy/index.js';

/** Both versions of the sample policy. */
export interface SamplePolicies {
  /** No conflict set: Market Analysis and Security Underwriting run side by side, so that sharing can be seen. */
  readonly 'tvdc-sample 1.0': PolicyDocument;
  /** The same with anti-collocation of the two. */
  readonly 'tvdc-sample 1.1': PolicyDocument;
}

const name = 'tvdc-sample';

const first: PolicyDocument = {
  name,
  version: policyVersion(1, 0),
  header: {},
  fromPolicy: null,
  steTypes: ['SystemManagement', 'MA', 'SU', 'MS'],
  // Declared although 1.0 has no conflict set: the kinds of components are fixed by the first load.
  chwallTypes: ['SystemManagement', 'MA', 'SU', 'MS'],
  chwallPrimary: true,
  conflictSets: [],
  bootstrap: 'SystemManagement',
  vmLabels: [
    { name: 'SystemManagement', ste: ['SystemManagement', 'MA', 'SU'], chwall: ['SystemManagement'] },
    { name: 'HostMA', ste: ['SystemManagement', 'MA'], chwall: ['SystemManagement'] },
    { name: 'MA', ste: ['MA'], chwall: ['MA'] },
    { name: 'SU', ste: ['SU'], chwall: ['SU'] },
    { name: 'MS', ste: ['MS'], chwall: ['MS'] },
  ],
  resourceLabels: [
    { name: 'MA', type: 'MA' },
    { name: 'SU', type: 'SU' },
    { name: 'MS', type: 'MS' },
    { name: 'SystemManagement', type: 'SystemManagement' },
  ],
};

/** The policy of the sample datacenter: management (SystemManagement), Market Analysis (MA), Security Underwriting (SU), MS. */
export const samplePolicies: SamplePolicies = {
  'tvdc-sample 1.0': createPolicy(first),
  'tvdc-sample 1.1': createPolicy({
    ...first,
    version: policyVersion(1, 1),
    fromPolicy: { name, version: policyVersion(1, 0) },
    conflictSets: [{ name: 'MA-SU', types: ['MA', 'SU'] }],
  }),
};
