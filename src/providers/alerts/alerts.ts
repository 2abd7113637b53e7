import { formatMessage, type MessageId, messages } from '../../base/index.js';
import {
  type CimClass,
  CimDateTime,
  type CimInstance,
  type CimInstancePath,
  createInstance,
  formatObjectPath,
} from '../../cim/index.js';
import type { HostEvent, Job, VirtualMachine } from '../../vmm/index.js';
import { jobNotice } from '../jobs/index.js';
import { decisionId, type HostView, Paths, type Values } from '../kit/index.js';
import { computerSystemValues } from '../systems/index.js';
import { SettingChanges } from './settings.js';

/** Where alerts go: the object manager of the host. */
export interface AlertPorts {
  classOf(name: string): CimClass;
  publish(namespace: string, indication: CimInstance): void;
}

const securityAlert = 8;
const unauthorizedAccess = 65;

/** Tells what happens on the host as indications: alerts of the reference monitor, life-cycle events of virtual machines and jobs. */
export function startAlerts(view: HostView, ports: AlertPorts): () => void {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);
  const now = (): CimDateTime => CimDateTime.fromUnix(parts.clock.now());

  const pathOfElement = (id: string | null): CimInstancePath => {
    if (id !== null && parts.inventory.vm(id) !== undefined) return paths.vm(id);
    const volume = id === null ? undefined : parts.inventory.volume(id);
    if (volume !== undefined) return paths.volume(volume);
    const vlan = parts.inventory.vlan(Number(/^vlan:(\d+)$/.exec(id ?? '')?.[1]));
    return vlan === undefined ? paths.host() : paths.vlan(vlan);
  };

  const alert = (
    recordId: string,
    id: MessageId,
    args: readonly string[],
    element: string | null,
    reason: string,
  ): void => {
    const message = messages[id];
    const values: Values = {
      IndicationIdentifier: `TVDC:${parts.randomness.uuid()}`,
      IndicationTime: now(),
      AlertingManagedElement: formatObjectPath(pathOfElement(element)),
      AlertingElementFormat: 2,
      AlertType: securityAlert,
      PerceivedSeverity: message.severity,
      ProbableCause: unauthorizedAccess,
      EventID: id,
      EventTime: now(),
      SystemCreationClassName: 'TVDC_HostSystem',
      SystemName: parts.identity.uuid,
      ProviderName: 'tvdc',
      OwningEntity: 'TVDC',
      MessageID: id,
      MessageArguments: [...args],
      Message: formatMessage(id, ...args),
      Description: formatMessage(id, ...args),
      RecommendedActions: [message.action],
      Reason: reason,
      DecisionID: decisionId(recordId),
    };
    ports.publish(namespace, createInstance(ports.classOf('TVDC_IsolationAlert'), values));
  };

  const system = (vm: VirtualMachine, isEnding?: boolean): CimInstance =>
    createInstance(ports.classOf('TVDC_ComputerSystem'), computerSystemValues(view, vm, isEnding), { namespace });

  const jobInstance = (job: Job): CimInstance =>
    createInstance(ports.classOf('TVDC_ConcreteJob'), jobNotice(job, parts.clock.now()), { namespace });

  const lifeCycle = (className: string, source: CimInstance, previous?: CimInstance): void => {
    const values: Values = {
      IndicationIdentifier: `TVDC:${parts.randomness.uuid()}`,
      IndicationTime: now(),
      SourceInstance: source,
      SourceInstanceModelPath: source.path === null ? null : formatObjectPath(source.path),
      ...(previous === undefined ? {} : { PreviousInstance: previous }),
    };
    ports.publish(namespace, createInstance(ports.classOf(className), values));
  };

  const settings = new SettingChanges(view, (name) => ports.classOf(name));
  const tellSettings = (event: HostEvent): void => {
    for (const { before, after } of settings.of(event)) {
      if (before === null && after !== null) lifeCycle('CIM_InstCreation', after);
      else if (before !== null && after === null) lifeCycle('CIM_InstDeletion', before);
      else if (before !== null && after !== null) lifeCycle('CIM_InstModification', after, before);
    }
  };

  const tell = (event: HostEvent): void => {
    switch (event.kind) {
      case 'denied':
        alert(event.recordId, event.messageId, event.arguments, event.element, event.decision?.reason ?? 'forbidden');
        break;
      case 'violation':
        alert(event.recordId, 'TVDC0203', [event.sentence], null, 'violation');
        break;
      case 'vtpm-failed':
        alert(
          event.recordId,
          'TVDC0301',
          [parts.inventory.vm(event.vm)?.name ?? event.vm, event.sentence],
          event.vm,
          'vtpm_failed',
        );
        break;
      case 'vm-defined':
        lifeCycle('CIM_InstCreation', system(event.vm));
        break;
      case 'vm-changed':
        // A label is none of the system's own properties.
        if (event.vm !== event.before) lifeCycle('CIM_InstModification', system(event.vm), system(event.before));
        break;
      case 'vm-ending':
        lifeCycle('CIM_InstModification', system(event.vm, event.ending), system(event.vm, !event.ending));
        break;
      case 'vm-destroyed':
        lifeCycle('CIM_InstDeletion', system(event.vm));
        break;
      case 'job-changed':
        lifeCycle(
          event.before === null ? 'CIM_InstCreation' : 'CIM_InstModification',
          jobInstance(event.job),
          event.before === null ? undefined : jobInstance(event.before),
        );
        break;
      case 'job-removed':
        lifeCycle('CIM_InstDeletion', jobInstance(event.job));
        break;
      case 'volume-changed':
      case 'vlan-changed':
      case 'label-changed':
      case 'policy-changed':
        break;
    }
    tellSettings(event);
  };
  return parts.events.listen(tell);
}
