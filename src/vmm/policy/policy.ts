import {
  type Decision,
  type Finding,
  parsePolicyJson,
  parsePolicyXml,
  type PolicyDocument,
  type PolicyRecord,
} from '../../acm/index.js';
import { messageOf, TvdcError } from '../../base/index.js';
import type { Actor } from '../events.js';
import type { HostParts } from '../parts.js';
import { decisionFacts, refuse } from '../transitions/common.js';

export type PolicyForm = 'xml' | 'json';

/** The document breaks rules of the policy language: `findings` say which, each with its code and place. */
export class InvalidPolicyError extends TvdcError<'invalid_policy'> {
  readonly messageId = 'TVDC0206';
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super(
      'invalid_policy',
      `the policy document is not valid: ${findings.map((finding) => finding.message).join('; ')}`,
    );
    this.findings = findings;
  }
}

function policyName(record: { readonly name: string; readonly version: string }): string {
  return `${record.name} ${record.version}`;
}

type Tx = Parameters<HostParts['journal']['append']>[0];

function journal(parts: HostParts, actor: Actor, change: string, policy: string, decision?: Decision) {
  const facts = { change, ...(decision === undefined ? {} : decisionFacts(decision)) };
  return (tx: Tx): string => parts.journal.append(tx, { kind: 'policy', actor: actor.user, subject: policy, facts }).id;
}

export function parsePolicy(text: string, form: PolicyForm): PolicyDocument {
  return form === 'xml' ? parsePolicyXml(text) : parsePolicyJson(text);
}

/**
 * Stores a policy as a draft. Findings that are only warnings come back with it.
 * @throws InvalidPolicyError @throws TvdcError of the reader: text that is no policy document
 */
export async function importPolicy(
  parts: HostParts,
  actor: Actor,
  text: string,
  form: PolicyForm,
): Promise<{ readonly record: PolicyRecord; readonly findings: readonly Finding[] }> {
  const document = parsePolicy(text, form);
  let recordId = '';
  const policy = `${document.name} ${document.version.text}`;
  const { record, findings } = await parts.monitor.policies.import(document, {
    record: (tx) => {
      recordId = journal(parts, actor, 'import', policy)(tx);
    },
  });
  if (record === undefined) throw new InvalidPolicyError(findings);
  // Nothing is recorded where the same document was there already.
  if (recordId !== '') parts.events.emit({ kind: 'policy-changed', recordId, change: 'import', policy });
  return { record, findings };
}

/** Makes a draft the next policy of this host. @throws TvdcError `policy_not_found`, `policy_wrong_state` */
export async function deployPolicy(
  parts: HostParts,
  actor: Actor,
  name: string,
  version: string,
): Promise<PolicyRecord> {
  let recordId = '';
  const record = await parts.monitor.policies.deploy(name, version, (tx) => {
    recordId = journal(parts, actor, 'deploy', `${name} ${version}`)(tx);
  });
  if (recordId !== '')
    parts.events.emit({ kind: 'policy-changed', recordId, change: 'deploy', policy: policyName(record) });
  return record;
}

async function change(
  parts: HostParts,
  actor: Actor,
  what: string,
  policy: string,
  decide: (record: { readonly record: (tx: Tx, decision: Decision) => void }) => Promise<Decision>,
): Promise<Decision> {
  let recordId = '';
  const decision = await decide({
    record: (tx, taken) => {
      recordId = journal(parts, actor, what, policy, taken)(tx);
    },
  });
  if (!decision.permit) {
    const messageId = what === 'enable' || what === 'reset' ? 'TVDC0204' : 'TVDC0203';
    const args = messageId === 'TVDC0204' ? [policy, decision.sentence] : [decision.sentence];
    throw await refuse(parts, actor, { messageId, arguments: args, element: null, decision }, null);
  }
  parts.events.emit({ kind: 'policy-changed', recordId, change: what, policy });
  try {
    await parts.boot.extendIsolation(parts.monitor);
  } catch (error) {
    // The change is in force; a host whose log lacks it is not trusted by its verifier.
    parts.log.error('policy not measured', { policy, error: messageOf(error) });
  }
  return decision;
}

/** Enforces a deployed policy from now on. @throws RefusedError naming what would break */
export function enablePolicy(parts: HostParts, actor: Actor, name: string, version: string): Promise<Decision> {
  return change(parts, actor, 'enable', `${name} ${version}`, (options) =>
    parts.monitor.enable(name, version, options),
  );
}

/** Back to the DEFAULT policy. @throws RefusedError */
export function resetPolicy(parts: HostParts, actor: Actor): Promise<Decision> {
  return change(parts, actor, 'reset', 'DEFAULT', (options) => parts.monitor.reset(options));
}

/** Changes the label of the management VM, and with it which workloads this host may run. @throws RefusedError */
export function setSystemLabel(parts: HostParts, actor: Actor, label: string): Promise<Decision> {
  return change(parts, actor, 'set system label', label, (options) => parts.monitor.setSystemLabel(label, options));
}

/**
 * Records and tells that somebody tried to change what they may not: the attempt is an event of its own. Equal attempts in
 * quick succession are only counted.
 * @param unrecorded other attempts of the same user that the record stands for
 */
export async function recordForbidden(
  parts: HostParts,
  actor: Actor,
  what: string,
  element: string | null,
  unrecorded = 0,
): Promise<string> {
  const subject = element ?? '';
  const key = ['forbidden', actor.user, subject, what].join('\0');
  const { recordId, isNew } = await parts.denials.record(key, (counted) =>
    parts.store.transaction((tx) => {
      const repeated = counted + unrecorded;
      const facts = { attempt: what, ...(repeated === 0 ? {} : { repeated }) };
      return parts.journal.append(tx, { kind: 'forbidden', actor: actor.user, subject, facts }).id;
    }),
  );
  if (!isNew) return recordId;
  const args = [actor.user, what];
  parts.events.emit({
    kind: 'denied',
    recordId,
    actor,
    messageId: 'TVDC0205',
    arguments: args,
    element,
    decision: null,
  });
  return recordId;
}
