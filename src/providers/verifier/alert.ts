import { formatMessage, type MessageId, messages } from '../../base/index.js';
import {
  type CimClass,
  CimDateTime,
  type CimInstance,
  createInstance,
  createInstancePath,
  formatObjectPath,
} from '../../cim/index.js';
import type { AttestationDesk, NamedVerdict } from './desk.js';
import { verdictId } from './verifier.js';

const securityAlert = 8;
/** ProbableCause values: integrity of a measurement, and an earlier alert that is over. */
const measurementCause = 123;
const clearedCause = 59;

/** The alert that a verdict raises; `cleared` when trust came back after an earlier alert. */
export function integrityAlert(
  desk: AttestationDesk,
  cls: CimClass,
  { name, verdict }: NamedVerdict,
  cleared: boolean,
): CimInstance {
  const id: MessageId = cleared ? 'TVDC0402' : 'TVDC0401';
  const first = verdict.reasons.find((item) => item.kind !== 'note');
  const why =
    first === undefined ? verdict.status : `${first.message}${first.path === undefined ? '' : ` (${first.path})`}`;
  const args = cleared ? [name] : [name, why];
  const className = verdict.subject.kind === 'host' ? 'TVDC_HostSystem' : 'TVDC_ComputerSystem';
  const element = createInstancePath(
    className,
    { CreationClassName: className, Name: verdict.subject.uuid },
    { namespace: desk.namespace },
  );
  const now = CimDateTime.fromUnix(desk.clock.now());
  return createInstance(cls, {
    IndicationIdentifier: `TVDC:${desk.randomness.uuid()}`,
    IndicationTime: now,
    AlertingManagedElement: formatObjectPath(element),
    AlertingElementFormat: 2,
    AlertType: securityAlert,
    PerceivedSeverity: messages[id].severity,
    ProbableCause: cleared ? clearedCause : measurementCause,
    EventID: id,
    EventTime: now,
    SystemCreationClassName: 'CIM_ComputerSystem',
    SystemName: desk.identity.uuid,
    ProviderName: 'tvdc',
    OwningEntity: 'TVDC',
    MessageID: id,
    MessageArguments: args,
    Message: formatMessage(id, ...args),
    Description: formatMessage(id, ...args),
    RecommendedActions: [messages[id].action],
    Reason: first?.code ?? verdict.status,
    VerdictID: verdictId(verdict.id),
  });
}
