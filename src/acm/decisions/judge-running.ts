import { labelText } from '../labels/index.js';
import { domainZero, type XserrName } from '../policy/index.js';
import { type Answer, denied, errorDetail, nameList } from './answer.js';
import type { CompiledPolicy } from './compiled-policy.js';
import type { Decision, HypervisorError, Violation } from './decision.js';
import type { HostState } from './host-state.js';
import { resolveResource } from './judge-labels.js';
import { replay } from './replay.js';
import { type Candidate, candidateOf, findViolations, type Proposal } from './violations.js';

export const numberOf =
  (host: HostState) =>
  (vm: string): number =>
    vm === domainZero ? 0 : (host.domains.get(vm)?.number ?? 0);

/** The running set as it is, with what a caller wants to try. */
export function proposalOf(
  host: HostState,
  change: Partial<Pick<Proposal, 'systemRow' | 'candidates'>> = {},
): Proposal {
  const { policy } = host;
  const present = (): Candidate[] =>
    [...host.domains.values()].map((domain) => {
      if (domain.sound) return candidateOf(domain, domain.row, policy.vmNames[domain.row] ?? '');
      const assigned = host.labels.vm(domain.vm);
      return candidateOf(domain, null, assigned === undefined ? 'none' : labelText(assigned));
    });
  return {
    policy,
    systemRow: change.systemRow ?? host.systemRow,
    candidates: change.candidates ?? present(),
    resourceRow: (resource) => {
      const found = resolveResource(host, '', resource);
      return found.kind === 'row' ? found.row : null;
    },
    nameOf: (vm) => host.nameOf(vm),
  };
}

/** What breaks in a proposed running set, as the mode sees it. */
export function tryProposal(
  host: HostState,
  proposal: Proposal,
): { violations: Violation[]; errors: HypervisorError[] } {
  if (host.strict) {
    const violations = findViolations(proposal);
    return { violations, errors: hypervisorErrors(host, proposal.policy, violations) };
  }
  const failure = replay(proposal, numberOf(host));
  return failure === null
    ? { violations: [], errors: [] }
    : { violations: [failure.violation], errors: [failure.error] };
}

const keyOf = ({ kind, vm, with: other = '', set = '' }: Violation): string => [kind, vm, other, set].join('\n');

/** The same without what is broken already, so that a change towards better is not refused. */
export function tryChange(host: HostState, proposal: Proposal): ReturnType<typeof tryProposal> {
  const tried = tryProposal(host, proposal);
  if (!host.strict || tried.violations.length === 0) return tried;
  const present = new Set(findViolations(proposalOf(host)).map(keyOf));
  const violations = tried.violations.filter((violation) => !present.has(keyOf(violation)));
  return { violations, errors: hypervisorErrors(host, proposal.policy, violations) };
}

/** The error tuples with which the original hypervisor would report these violations; it stops at the first of a kind. */
export function hypervisorErrors(
  host: HostState,
  policy: CompiledPolicy,
  violations: readonly Violation[],
): HypervisorError[] {
  const errors = new Map<number, HypervisorError>();
  const note = (code: HypervisorError['code'], data: number): void => {
    if (!errors.has(code)) errors.set(code, { code, data });
  };
  for (const { kind, vm, with: other = domainZero, types } of violations) {
    if (kind === 'label') note(0x104, vm === domainZero ? host.systemRow : (host.domains.get(vm)?.row ?? 0));
    if (kind === 'conflict') note(0x103, Math.max(0, policy.chwallTypes.indexOf(types[0] ?? '')));
    if (kind === 'sharing') note(0x100, ((numberOf(host)(vm) << 16) | numberOf(host)(other)) >>> 0);
  }
  return [...errors.values()];
}

/** The refusal of a change that running VMs stand against. */
export function runningViolate(
  host: HostState,
  base: Pick<Answer, 'hook' | 'subject' | 'object' | 'subjectTypes' | 'objectTypes'>,
  what: string,
  violations: readonly Violation[],
  errors: readonly HypervisorError[],
): Decision {
  const named = [
    ...new Set(
      violations.flatMap(({ vm, kind, with: other }) =>
        kind === 'conflict' && other !== undefined ? [vm, other] : [vm],
      ),
    ),
  ];
  const xserr: XserrName =
    errors.length === 0 && violations.every(({ kind }) => kind === 'authorization')
      ? 'XSERR_VM_NOT_AUTHORIZED'
      : 'XSERR_HV_OP_FAILED';
  return denied({
    ...base,
    reason: 'running_domains_violate',
    rule: 'running-systems',
    violations,
    xserr,
    ...(errors.length === 0 ? {} : { hypervisorErrors: errors }),
    detail: `${errorDetail(xserr, errors)}: ${named.join(', ')}`,
    sentence:
      `${what} would break the rules for what runs: ${nameList(named.map((vm) => host.nameOf(vm)))}. ${violations[0]?.sentence ?? ''}`.trim(),
  });
}

/** Violations of the present running set, and the types that they concern. */
export function judgePresent(host: HostState): {
  readonly violations: readonly Violation[];
  readonly types: ReadonlySet<string>;
} {
  const violations = findViolations(proposalOf(host));
  const types = new Set<string>();
  for (const violation of violations) {
    for (const type of violation.types) types.add(type);
    const domain = host.domains.get(violation.vm);
    if (domain !== undefined) for (const type of host.policy.typesOf(domain.row)) types.add(type);
  }
  return { violations, types };
}
