import { createPolicy, type PolicyDocument } from './document.js';
import { defaultPolicyName, unlabeledName } from './names.js';
import { policyVersion } from './version.js';

const management = 'SystemManagement';

/**
 * The policy of a host to which none was given. With `from`, the document that a reset enforces: it renames the present
 * label of Domain-0 to `SystemManagement`.
 */
export function defaultPolicy(from?: string): PolicyDocument {
  return createPolicy({
    name: defaultPolicyName,
    version: policyVersion(1, 0),
    header: {},
    fromPolicy: null,
    steTypes: [management, unlabeledName],
    chwallTypes: [management],
    chwallPrimary: false,
    conflictSets: [],
    bootstrap: management,
    vmLabels: [
      {
        name: management,
        ...(from === undefined || from === management ? {} : { from }),
        ste: [management, unlabeledName],
        chwall: [],
      },
      { name: unlabeledName, ste: [unlabeledName], chwall: [] },
    ],
    resourceLabels: [{ name: unlabeledName, type: unlabeledName }],
  });
}
