import type { AssignedLabel } from '../labels/index.js';
import {
  compareVersions,
  defaultPolicyName,
  domainZero,
  type Finding,
  isValid,
  type PolicyDocument,
  unlabeledName,
  validatePolicy,
} from '../policy/index.js';
import { type Answer, denied, errorDetail, permitted, typeSet } from './answer.js';
import { type CompiledPolicy, compilePolicy, type LabelIndex } from './compiled-policy.js';
import type { Decision, Violation } from './decision.js';
import type { Domain, HostState } from './host-state.js';
import { runningViolate, tryProposal } from './judge-running.js';
import { badRenaming, LabelMoves } from './label-moves.js';
import { tryResourceName } from './resource-name.js';
import { type Candidate, candidateOf, type Proposal } from './violations.js';

/** What to do once a permitted update is stored. */
export interface AcceptedUpdate {
  readonly policy: CompiledPolicy;
  readonly systemRow: LabelIndex;
  readonly rowOf: (domain: Domain) => LabelIndex;
  readonly moves: LabelMoves;
}

/** A judged update; `accepted` is there exactly if it is permitted. */
export interface JudgedUpdate {
  readonly decision: Decision;
  readonly accepted?: AcceptedUpdate;
}

/** Kinds of the two components, fixed by the first policy that replaces DEFAULT. */
export function componentKinds(document: PolicyDocument): 'both' | 'type enforcement alone' {
  return document.chwallTypes.length > 0 ? 'both' : 'type enforcement alone';
}

type Base = Pick<Answer, 'hook' | 'subject' | 'object'>;

const baseOf = (host: HostState, next: PolicyDocument): Base => ({
  hook: 'policy',
  subject: `${next.name} ${next.version.text}`,
  object: `${host.policy.document.name} ${host.policy.document.version.text}`,
});

/** The refusal of a document that is not a valid policy. */
export function invalidPolicy(host: HostState, subject: string, findings: readonly Finding[]): Decision {
  const first = findings.find((finding) => finding.severity === 'error');
  const xserr = first?.xserr ?? 'XSERR_GENERAL_FAILURE';
  return denied({
    reason: 'invalid_policy',
    hook: 'policy',
    rule: 'policy-validity',
    subject,
    object: `${host.policy.document.name} ${host.policy.document.version.text}`,
    xserr,
    detail: first === undefined ? xserr : `${xserr}: ${first.element}`,
    sentence: `${subject === '' ? 'The document' : `Policy ${subject}`} is not valid: ${first?.message ?? 'it cannot be read'}.`,
  });
}

function refuseVersion(host: HostState, next: PolicyDocument, base: Base): Decision | null {
  const { document } = host.policy;
  if (document.name === defaultPolicyName || next.name === defaultPolicyName) return null;
  const from = next.fromPolicy;
  const refuse = (sentence: string): Decision =>
    denied({
      ...base,
      reason: 'version_prevents_update',
      rule: 'policy-version',
      xserr: 'XSERR_VERSION_PREVENTS_UPDATE',
      detail: 'XSERR_VERSION_PREVENTS_UPDATE',
      sentence,
    });
  if (from === null) return refuse(`Policy ${base.subject} does not say which policy it replaces (from_policy).`);
  if (from.name !== document.name || from.version.text !== document.version.text) {
    return refuse(`Policy ${base.subject} replaces ${from.name} ${from.version.text}, but ${base.object} is enforced.`);
  }
  if (compareVersions(next.version, document.version) <= 0) {
    return refuse(`Version ${next.version.text} is not above ${document.version.text}.`);
  }
  return null;
}

/** Row of a resource's label after the update; null: nobody may use it. */
function movedResourceRow(host: HostState, policy: CompiledPolicy, moves: LabelMoves) {
  return (resource: string): LabelIndex | null => {
    const name = tryResourceName(resource, host.mode)?.name;
    const assigned: AssignedLabel | undefined = name === undefined ? undefined : host.labels.resource(name);
    const unlabelled = host.strict ? null : 0;
    if (assigned === undefined) return unlabelled;
    const moved = moves.moved('resource', assigned);
    if (moved.state === 'invalidated' || moved.policy === '*') return null;
    if (moved.policy !== policy.document.name) return unlabelled;
    return policy.resourceRow(moved.label) ?? null;
  };
}

// Before anything else the original compares the devices of running VMs with their new labels.
function resourceAccess(host: HostState, proposal: Proposal, base: Base): Decision | null {
  const { policy } = proposal;
  const violations: Violation[] = [];
  for (const { vm, row, resources, ports } of proposal.candidates) {
    if (row === null) continue;
    const check = (device: string, deviceRow: LabelIndex | null): void => {
      if (deviceRow !== null && policy.ste.meet(row, deviceRow)) return;
      violations.push({
        kind: 'resource',
        vm,
        with: device,
        types: deviceRow === null ? [] : policy.typesOf(deviceRow),
        sentence: `${host.nameOf(vm)} uses ${device}, with which it would have no type in common.`,
      });
    };
    for (const resource of resources) check(resource, proposal.resourceRow(resource));
    for (const port of ports) {
      if (port.vlan !== undefined) check(`vlan:${port.vlan}`, proposal.resourceRow(`vlan:${port.vlan}`));
      else if (port.label !== undefined) check(port.label, policy.resourceRow(port.label) ?? null);
    }
  }
  const first = violations[0];
  if (first === undefined) return null;
  return denied({
    ...base,
    reason: 'resource_access',
    rule: 'running-systems',
    violations,
    xserr: 'XSERR_RESOURCE_ACCESS',
    detail: `XSERR_RESOURCE_ACCESS: ${first.vm}, ${first.with ?? ''}`,
    sentence: first.sentence,
  });
}

function proposalFor(host: HostState, policy: CompiledPolicy, moves: LabelMoves): Proposal {
  const rowOfName = (name: string): LabelIndex | null => {
    const moved = name === '' ? undefined : moves.nameOf('vm', name);
    return moved === undefined ? null : (policy.vmRow(moved) ?? null);
  };
  const candidates = [...host.domains.values()].map((domain): Candidate => {
    const name = host.policy.vmNames[domain.row] ?? '';
    // An unlabelled VM stays in row 0; only `__UNLABELED__` gives that row a name that can vanish.
    const bare = !host.strict && domain.row === 0 && host.labels.vm(domain.vm)?.label !== unlabeledName;
    const row = bare ? 0 : domain.sound ? rowOfName(name) : null;
    return candidateOf(domain, row, name === '' ? 'none' : name);
  });
  return {
    policy,
    systemRow: rowOfName(host.systemLabel) ?? -1,
    candidates,
    resourceRow: movedResourceRow(host, policy, moves),
    nameOf: (vm) => host.nameOf(vm),
  };
}

/** Who would come to hold several types while it runs, although nobody has marked it as trusted. */
function untrustedViolations(host: HostState, { policy, candidates }: Proposal): readonly Violation[] {
  return candidates.flatMap(({ vm, row }): readonly Violation[] => {
    if (row === null || host.isTrusted(vm) !== false) return [];
    const types = policy.typesOf(row);
    // One that holds several already runs on, as when its mark is taken away.
    const before = host.policy.typesOf(host.domains.get(vm)?.row ?? 0);
    if (types.length < 2 || before.length > 1) return [];
    const sentence = `${host.nameOf(vm)} runs, and its label would have several types ${typeSet(types)}; it is not marked as trusted.`;
    return [{ kind: 'authorization', vm, with: domainZero, types, sentence }];
  });
}

/** What stands against a proposal, label definitions first. */
function breaksOf(host: HostState, proposal: Proposal): ReturnType<typeof tryProposal> {
  const vanished: Violation[] = [];
  if (proposal.systemRow < 0) {
    vanished.push({
      kind: 'label',
      vm: domainZero,
      types: [],
      sentence: `${domainZero} runs, and its label ${host.systemLabel} would not be defined.`,
    });
  }
  if (!host.strict) {
    const gone = proposal.candidates.find(({ row }) => row === null);
    if (gone !== undefined) {
      const sentence = `${host.nameOf(gone.vm)} runs, and its label ${gone.label} would not be defined.`;
      vanished.unshift({ kind: 'label', vm: gone.vm, types: [], sentence });
    }
    const first = vanished[0];
    if (first === undefined) return tryProposal(host, proposal);
    const row = first.vm === domainZero ? host.systemRow : (host.domains.get(first.vm)?.row ?? 0);
    return { violations: [first], errors: [{ code: 0x104, data: row }] };
  }
  // Without a system label nothing else can be judged; every VM would lose its authorization for that one reason.
  if (vanished.length > 0) return { violations: vanished, errors: [{ code: 0x104, data: host.systemRow }] };
  const { violations, errors } = tryProposal(host, proposal);
  return { violations: [...violations, ...untrustedViolations(host, proposal)], errors };
}

/**
 * Judges a policy update: validity, version and FromPolicy, renamings, devices of running VMs, component kinds, then what runs.
 * Mode strict names everything that would break, mode xen the first as the original does.
 */
export function judgeUpdate(host: HostState, next: PolicyDocument): JudgedUpdate {
  const base = baseOf(host, next);
  const findings = validatePolicy(next, { mode: host.mode, hostHasPolicy: true });
  if (!isValid(findings)) return { decision: invalidPolicy(host, base.subject, findings) };
  const version = refuseVersion(host, next, base);
  if (version !== null) return { decision: version };
  const renaming = badRenaming(host.policy.document, next);
  if (renaming !== null) {
    const { kind, name, from } = renaming;
    return {
      decision: denied({
        ...base,
        reason: 'bad_renaming',
        rule: 'label-definition',
        xserr: 'XSERR_BAD_LABEL',
        detail: `XSERR_BAD_LABEL: ${from}`,
        sentence: `${kind === 'vm' ? 'VM' : 'Resource'} label ${name} wants to rename ${from}, which is not a label that it can rename.`,
      }),
    };
  }
  const policy = compilePolicy(next, host.mode);
  const moves = new LabelMoves(host.policy.document, next);
  const proposal = proposalFor(host, policy, moves);
  const access = resourceAccess(host, proposal, base);
  if (access !== null) return { decision: access };
  const kinds = componentKinds(next);
  if (kinds !== componentKinds(host.policy.document) || (!host.strict && kinds !== 'both')) {
    return {
      decision: denied({
        ...base,
        reason: 'hypervisor_refused',
        rule: 'component-kinds',
        xserr: 'XSERR_HV_OP_FAILED',
        detail: errorDetail('XSERR_HV_OP_FAILED'),
        sentence: `The hypervisor fixed the kinds of components at the first load; ${base.subject} has others.`,
      }),
    };
  }
  const { violations, errors } = breaksOf(host, proposal);
  if (violations.length > 0) {
    return { decision: runningViolate(host, base, `Policy ${base.subject}`, violations, errors) };
  }
  const rows = new Map(proposal.candidates.map(({ vm, row }) => [vm, row ?? 0]));
  return {
    decision: permitted({
      ...base,
      reason: 'ok',
      rule: 'running-systems',
      sentence: `Policy ${base.subject} may replace ${base.object}: nothing that runs stands against it.`,
    }),
    accepted: { policy, systemRow: proposal.systemRow, rowOf: ({ vm }) => rows.get(vm) ?? 0, moves },
  };
}
