import {
  badResourceName,
  type Decision,
  type HostState,
  judgeAuthorization,
  judgeConflict,
  judgeInterface,
  judgeSharing,
  type LabelIndex,
  type Party,
  type Resolved,
  resolveResource,
  resolveVmLabel,
  tryResourceName,
  vlanResource,
} from '../decisions/index.js';
import type { AssignedLabel } from '../labels/index.js';
import { domainZero, tryParseLabel } from '../policy/index.js';
import type { Question } from './contract.js';

function givenLabel(host: HostState, text: string): AssignedLabel {
  const policy = host.policy.document.name;
  return { ...(tryParseLabel(text, policy) ?? { policy, label: text }), state: 'valid' };
}

/** Label of a VM: the one given, the management VM's, or that of the registry. */
export function vmRow(host: HostState, vm: string, label: string | undefined): Resolved {
  if (label !== undefined) return resolveVmLabel(host, vm, givenLabel(host, label));
  if (vm === domainZero) return { kind: 'row', row: host.systemRow, label: host.systemLabel };
  return resolveVmLabel(host, vm, host.labels.vm(vm));
}

/** Label of a resource: the one given or that of the registry. */
export function resourceRow(host: HostState, subject: string, resource: string, label: string | undefined): Resolved {
  if (label === undefined) return resolveResource(host, subject, resource);
  if (resource !== '' && tryResourceName(resource, host.mode) === null) {
    return { kind: 'refused', decision: badResourceName(subject, resource) };
  }
  const { label: name } = givenLabel(host, label);
  const row = host.policy.resourceRow(name);
  if (row !== undefined) return { kind: 'row', row, label: name };
  return { kind: 'refused', decision: judgeInterface(host, subject, 0, name) };
}

/** Judges a hypothetical question against what is enforced and runs; changes and counts nothing. */
export function answerQuestion(host: HostState, question: Question): Decision {
  const { hook, subject = question.subjectLabel ?? '', object = '' } = question;
  const found = vmRow(host, subject, question.subjectLabel);
  if (found.kind === 'refused') return found.decision;
  const party = (id: string, row: LabelIndex): Party => ({ id, name: host.nameOf(id), row });
  const against = (other: Resolved, id: string, name = host.nameOf(id)): Decision =>
    other.kind === 'refused'
      ? other.decision
      : judgeSharing(
          host,
          party(subject, found.row),
          { id, name, row: other.row },
          hook === 'sharing' ? 'sharing' : kind,
        );
  const kind = hook === 'vlan' ? 'vlan' : 'resource';
  switch (hook) {
    case 'sharing': {
      const id = object === '' ? (question.objectLabel ?? '') : object;
      return against(vmRow(host, id, question.objectLabel), id);
    }
    case 'authorization':
      return judgeAuthorization(host, subject, found.row);
    case 'conflict':
      return judgeConflict(host, subject, found.row);
    case 'resource':
    case 'vlan': {
      const name = hook === 'vlan' && !object.includes(':') && object !== '' ? vlanResource(Number(object)) : object;
      const id = name === '' ? (question.objectLabel ?? '') : name;
      return against(resourceRow(host, subject, name, question.objectLabel), id);
    }
    case 'vif':
      return judgeInterface(host, subject, found.row, question.objectLabel);
  }
}
