import type { Decision } from '../../acm/index.js';
import type { Actor } from '../events.js';
import type { HostParts } from '../parts.js';
import { refuse } from '../transitions/common.js';
import { type Finding, naming } from './objections.js';
import type { MigrationProposal } from './proposal.js';
import { MigrationRefusedError, type Objection } from './refused.js';

/** A refusal that no policy is behind. */
export function no(reason: string, sentence: string): MigrationRefusedError {
  return new MigrationRefusedError([{ reason, sentence, byPolicy: false }]);
}

export function toObjection({ reason, sentence, byPolicy }: Finding): Objection {
  return { reason, sentence, byPolicy };
}

async function recordDecision(
  parts: HostParts,
  actor: Actor,
  { vm }: MigrationProposal,
  decision: Decision,
  sentence: string,
): Promise<string | null> {
  const refusal = { messageId: 'TVDC0209', arguments: [vm.name, sentence], element: vm.uuid, decision } as const;
  return (await refuse(parts, actor, refusal, null)).decisionId;
}

/** Records that a machine may not come here, as a decision where the reference monitor said so; the error to throw. */
export async function refuseArrival(
  parts: HostParts,
  actor: Actor,
  peer: string,
  proposal: MigrationProposal,
  findings: readonly Finding[],
): Promise<MigrationRefusedError> {
  const { id, vm } = proposal;
  const objections = findings.map(toObjection);
  const decision = findings.find((item) => item.decision !== null)?.decision ?? null;
  const sentences = objections.map(({ sentence }) => sentence).join(' ');
  if (decision !== null)
    return new MigrationRefusedError(objections, await recordDecision(parts, actor, proposal, decision, sentences));
  const key = [actor.user, vm.uuid, 'migrate', sentences].join('\0');
  await parts.denials.record(key, (repeated) =>
    parts.store.transaction((tx) => {
      const facts = { transition: 'migrate', name: vm.name, from: peer, migration: id, outcome: 'refused' };
      const why = { why: sentences, ...(repeated === 0 ? {} : { repeated }) };
      const entry = { kind: 'migration', actor: actor.user, subject: vm.uuid, facts: { ...facts, ...why } };
      return parts.journal.append(tx, entry).id;
    }),
  );
  return new MigrationRefusedError(objections);
}

/** The same for what the reference monitor said when it was asked for the place itself. */
export async function refuseAdmission(
  parts: HostParts,
  actor: Actor,
  proposal: MigrationProposal,
  decision: Decision,
): Promise<MigrationRefusedError> {
  const sentence = naming(proposal.vm, decision);
  const decisionId = await recordDecision(parts, actor, proposal, decision, sentence);
  return new MigrationRefusedError([{ reason: decision.reason, sentence, byPolicy: true }], decisionId);
}
