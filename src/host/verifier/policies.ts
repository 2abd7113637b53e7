import { z } from 'zod';
import { type AppraisalPolicy, checkPolicy, type IsolationState } from '../../attestation/index.js';
import { ConfigurationError, describeIssues, hashAlgorithms, messageOf } from '../../base/index.js';
import type { AttestationPolicies } from '../../client/management/index.js';

/** Reference set of the hosts' own software. */
export const hostReferences = 'host';
/** Reference set of the virtual machines. */
export const workloadReferences = 'workload';

/**
 * What a verifier wants by default: hosts and VMs measured only by what the two reference sets know.
 * @param isolation what PCR 13 of the host must say; null: not judged
 */
export function defaultPolicies(isolation: IsolationState | null): AttestationPolicies {
  const host: AppraisalPolicy = {
    name: hostReferences,
    referenceSets: [hostReferences],
    ...(isolation === null ? {} : { isolation }),
  };
  const vm: AppraisalPolicy = { name: workloadReferences, referenceSets: [workloadReferences] };
  return { host, vm: () => vm };
}

const algorithm = z.enum(hashAlgorithms as unknown as [string, ...string[]]);
const appraisal = z.strictObject({
  name: z.string().optional(),
  referenceSets: z.array(z.string().min(1)),
  exclude: z.array(z.string()).optional(),
  keyRings: z.array(z.strictObject({ name: z.string(), keys: z.array(z.string()) })).optional(),
  buffers: z.array(z.strictObject({ name: z.string(), digests: z.array(z.string()) })).optional(),
  firmware: z
    .array(z.strictObject({ bank: algorithm, pcr: z.int().min(0).max(23), values: z.array(z.string()) }))
    .optional(),
  isolation: z
    .strictObject({
      policyName: z.string(),
      policyVersion: z.string(),
      documentSha256: z.string().regex(/^[0-9a-f]{64}$/),
      systemLabel: z.string(),
    })
    .optional(),
  banks: z.array(algorithm).optional(),
  requiredPcrs: z.array(z.int().min(0).max(23)).optional(),
  imaPcr: z.int().min(0).max(23).optional(),
  unknown: z.enum(['unknown', 'untrusted']).optional(),
  vulnerable: z.enum(['untrusted', 'accepted']).optional(),
});
const file = z.strictObject({
  host: appraisal.optional(),
  vm: appraisal.optional(),
  vms: z.record(z.string(), appraisal).optional(),
});

/**
 * Reads how hosts and VMs are judged: `{ "host": …, "vm": …, "vms": { "name or UUID": … } }`, each an AppraisalPolicy. What
 * is left out is as in `defaultPolicies`.
 * @throws ConfigurationError `bad_policy`
 */
export function parsePolicies(text: string): AttestationPolicies {
  let read: z.infer<typeof file>;
  try {
    read = file.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? describeIssues(error.issues) : messageOf(error);
    throw new ConfigurationError('bad_policy', `the attestation policy cannot be read: ${why}`, { cause: error });
  }
  const usual = defaultPolicies(null);
  const named = (name: string, policy: z.infer<typeof appraisal>): AppraisalPolicy => {
    const made = { ...policy, name: policy.name ?? name } as AppraisalPolicy;
    try {
      checkPolicy(made);
    } catch (error) {
      throw new ConfigurationError('bad_policy', `the attestation policy ${made.name}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    return made;
  };
  const vm = read.vm === undefined ? usual.vm('', '') : named(workloadReferences, read.vm);
  const vms = new Map(Object.entries(read.vms ?? {}).map(([name, policy]) => [name, named(name, policy)]));
  return {
    host: read.host === undefined ? usual.host : named(hostReferences, read.host),
    vm: (uuid, name) => vms.get(uuid) ?? vms.get(name) ?? vm,
  };
}
