import { TvdcError, unreachable } from '../../base/index.js';
import {
  compilePolicy,
  type Decision,
  denied,
  type Domain,
  HostState,
  invalidPolicy,
  judgeAdmission,
  judgeCommunication,
  judgeInterface,
  judgeLabel,
  judgeResource,
  judgeResourceLabel,
  judgeRunning,
  judgeSystemLabel,
  judgeUpdate,
  judgeVmLabel,
  permitted,
  type Port,
  resolveResource,
  resolveVmLabel,
  tryResourceName,
} from '../decisions/index.js';
import { type AssignedLabel, labelText } from '../labels/index.js';
import {
  domainZero,
  isValid,
  parsePolicyJson,
  parsePolicyXml,
  type PolicyDocument,
  policyDigests,
  PolicyFormatError,
  type PolicyMode,
  tryParseLabel,
  validatePolicy,
} from '../policy/index.js';
import { parseSimulationEvent, type SimulationEvent } from './event.js';
import { MemoryLabels } from './memory-labels.js';

export interface SimulationOptions {
  /** Default strict. */
  readonly mode?: PolicyMode;
}

/** A host that exists only here: replays events against a policy and answers each with a decision. */
export interface Simulation {
  /** What is enforced now. */
  readonly policy: PolicyDocument;
  /** Judges an event and, if it is permitted, lets it happen. @throws SimulationEventError */
  apply(event: unknown): Decision;
  /** Running and paused VMs, Domain-0 first. */
  running(): readonly { readonly vm: string; readonly label: string; readonly state: 'running' | 'paused' }[];
}

// The member of the union whose op may be this one.
type Op<Name extends SimulationEvent['op'], Event = SimulationEvent> = Event extends { readonly op: infer Ops }
  ? Name extends Ops
    ? Event
    : never
  : never;

class PolicySimulation implements Simulation {
  readonly #labels = new MemoryLabels();
  readonly #host: HostState;
  readonly #suspended = new Set<string>();

  constructor(policy: PolicyDocument, mode: PolicyMode) {
    this.#host = new HostState(compilePolicy(policy, mode), { labels: this.#labels });
  }

  get policy(): PolicyDocument {
    return this.#host.policy.document;
  }

  running(): ReturnType<Simulation['running']> {
    const { vmNames } = this.#host.policy;
    const guests = [...this.#host.domains.values()].map(({ vm, row, state }) => ({
      vm,
      label: vmNames[row] ?? '',
      state: state === 'paused' ? ('paused' as const) : ('running' as const),
    }));
    return [{ vm: domainZero, label: this.#host.systemLabel, state: 'running' }, ...guests];
  }

  apply(input: unknown): Decision {
    const event = parseSimulationEvent(input);
    switch (event.op) {
      case 'start':
      case 'resume':
      case 'migrate_in':
        return this.#enter(event);
      case 'stop':
      case 'suspend':
      case 'pause':
      case 'migrate_out':
        return this.#leave(event);
      case 'attach_resource':
        return this.#attach(event.vm, event.resource);
      case 'connect_vlan':
        return this.#attach(event.vm, event.vlan);
      case 'connect_vif':
        return this.#connectInterface(event);
      case 'communicate':
        return this.#communicate(event);
      case 'set_system_label':
        return this.#systemLabel(event.label);
      case 'relabel_vm':
        return this.#relabelVm(event);
      case 'label_resource':
        return this.#labelResource(event);
      case 'update_policy':
        return this.#update(event.policy);
      case 'can_run':
        return this.#canRun(event.label);
      case 'check_vm_label':
        return this.#checkVm(event.vm);
      case 'check_resource_label':
        return this.#checkResource(event.resource);
      default:
        return unreachable(event);
    }
  }

  #wrongState(op: string, vm: string, sentence: string): Decision {
    return denied({
      reason: 'wrong_state',
      hook: 'state',
      rule: 'life-cycle',
      subject: vm,
      object: op,
      xserr: 'XSERR_VM_WRONG_STATE',
      detail: 'XSERR_VM_WRONG_STATE',
      sentence,
    });
  }

  #done(op: string, vm: string, sentence: string): Decision {
    return permitted({ reason: 'ok', hook: 'state', rule: 'life-cycle', subject: vm, object: op, sentence });
  }

  // The label in the event is that of the VM's configuration; without one the label it was given before counts.
  #labelOf(event: Op<'start'>): AssignedLabel | undefined {
    const present = this.#labels.vm(event.vm);
    if (event.label === undefined || event.label === '') return present;
    const parsed = tryParseLabel(event.label, event.policyName ?? this.policy.name);
    if (parsed === null) return { policy: event.policyName ?? this.policy.name, label: event.label, state: 'valid' };
    const lost = present?.state === 'invalidated' && present.label === parsed.label;
    if (lost && this.#host.policy.vmRow(parsed.label) === undefined) return present;
    return { ...parsed, policy: event.policyName ?? parsed.policy, state: 'valid' };
  }

  #otherPolicy(event: Op<'start'>): Decision | null {
    const { policy } = this;
    const name = event.policyName ?? policy.name;
    const version = event.policyVersion ?? policy.version.text;
    const digest = event.policyDigest ?? policyDigests(policy).sha256;
    const same = this.#host.strict
      ? name === policy.name && version === policy.version.text && digest === policyDigests(policy).sha256
      : name === policy.name;
    if (same) return null;
    return denied({
      reason: 'policy_mismatch',
      hook: 'policy',
      rule: 'policy-identity',
      subject: event.vm,
      object: policy.name,
      detail: `${name} ${version}`,
      sentence: `VM ${event.vm} comes under policy ${name} ${version}, but ${policy.name} ${policy.version.text} is enforced.`,
    });
  }

  #enter(event: Op<'start'>): Decision {
    const { vm } = event;
    const domain = this.#host.domains.get(vm);
    if (vm === domainZero || (domain !== undefined && !(event.op === 'resume' && domain.state === 'paused'))) {
      return this.#wrongState(event.op, vm, `VM ${vm} runs already.`);
    }
    if (domain !== undefined) return this.#unpause(domain);
    const mismatch = this.#otherPolicy(event);
    if (mismatch !== null) return mismatch;
    const assigned = this.#labelOf(event);
    const ports = event.vifs.map((vif, at): Port => ({ id: `vif${at}`, ...vif }));
    const disks = event.disks.map((disk) => tryResourceName(disk, this.#host.mode)?.name ?? disk);
    const { decision, row } = judgeAdmission(this.#host, vm, assigned, { resources: disks, ports });
    if (row === undefined) return decision;
    this.#host.place(vm, row, 'running', { resources: disks, ports });
    if (assigned !== undefined) this.#labels.setVm(vm, assigned);
    this.#suspended.delete(vm);
    return decision;
  }

  // A paused VM never left the running set; only its label is checked again.
  #unpause(domain: Domain): Decision {
    const { vm, row } = domain;
    this.#host.counts.remove(row);
    const decision = judgeLabel(this.#host, vm, row);
    this.#host.counts.add(row);
    if (decision.permit) domain.state = 'running';
    return decision;
  }

  #leave(event: Op<'stop'>): Decision {
    const { op, vm } = event;
    const domain = this.#host.domains.get(vm);
    if (domain === undefined) {
      if (op === 'stop' && this.#suspended.delete(vm))
        return this.#done(op, vm, `The saved state of VM ${vm} is dropped.`);
      return this.#wrongState(op, vm, vm === domainZero ? `${domainZero} always runs.` : `VM ${vm} does not run.`);
    }
    if (op === 'pause') {
      if (domain.state === 'paused') return this.#wrongState(op, vm, `VM ${vm} is paused already.`);
      domain.state = 'paused';
      return this.#done(op, vm, `VM ${vm} is paused; it still counts as running.`);
    }
    this.#host.remove(vm);
    if (op === 'suspend') this.#suspended.add(vm);
    return this.#done(op, vm, `VM ${vm} has left the running set.`);
  }

  #attach(vm: string, resource: string): Decision {
    const name = tryResourceName(resource, this.#host.mode);
    const absent = judgeRunning(this.#host, vm, resource, name?.vlan === undefined ? 'resource' : 'vlan');
    if (absent !== null) return absent;
    const decision = judgeResource(this.#host, vm, this.#host.runningRow(vm) ?? 0, resource);
    const domain = this.#host.domains.get(vm);
    if (decision.permit && domain !== undefined && name !== null) {
      if (name.vlan === undefined) domain.resources.add(name.name);
      else domain.ports.set(name.name, { id: name.name, vlan: name.vlan });
    }
    return decision;
  }

  #connectInterface({ vm, label }: Op<'connect_vif'>): Decision {
    const absent = judgeRunning(this.#host, vm, label ?? '', 'vif');
    if (absent !== null) return absent;
    const decision = judgeInterface(this.#host, vm, this.#host.runningRow(vm) ?? 0, label);
    const domain = this.#host.domains.get(vm);
    if (decision.permit && domain !== undefined) {
      const id = `vif${domain.ports.size}`;
      domain.ports.set(id, { id, ...(label === undefined || label === '' ? {} : { label }) });
    }
    return decision;
  }

  #communicate({ a, b }: Op<'communicate'>): Decision {
    const decision = judgeCommunication(this.#host, a, b);
    if (decision.permit) this.#host.connect(a, b);
    return decision;
  }

  #systemLabel(label: string, oldLabel?: string): Decision {
    const { decision, row } = judgeSystemLabel(this.#host, label, oldLabel);
    if (row !== undefined) this.#host.setSystemRow(row);
    return decision;
  }

  #relabelVm(event: Op<'relabel_vm'>): Decision {
    if (event.vm === domainZero) {
      if (event.label !== null) return this.#systemLabel(event.label, event.oldLabel);
      return this.#wrongState(event.op, event.vm, `${domainZero} always has a label.`);
    }
    const { decision, assign, row } = judgeVmLabel(this.#host, event.vm, event);
    if (assign !== undefined) this.#labels.setVm(event.vm, assign);
    if (row !== undefined) this.#host.relabel(event.vm, row);
    return decision;
  }

  #labelResource(event: Op<'label_resource'>): Decision {
    const { decision, assign } = judgeResourceLabel(this.#host, event.resource, event);
    const name = tryResourceName(event.resource, this.#host.mode);
    if (assign !== undefined && name !== null) this.#labels.setResource(name.name, assign);
    return decision;
  }

  #update(input: unknown): Decision {
    let next: PolicyDocument;
    try {
      next = readPolicy(input);
    } catch (error) {
      if (!(error instanceof PolicyFormatError)) throw error;
      const finding = error.finding();
      const swallowed = this.#host.strict ? finding : { ...finding, xserr: 'XSERR_XML_PROCESSING' as const };
      return invalidPolicy(this.#host, '', [swallowed]);
    }
    const { decision, accepted } = judgeUpdate(this.#host, next);
    if (accepted !== undefined) {
      this.#host.adopt(accepted.policy, accepted.systemRow, accepted.rowOf);
      this.#labels.moveAll((kind, label) => accepted.moves.moved(kind, label));
    }
    return decision;
  }

  #canRun(label: string): Decision {
    const parsed = tryParseLabel(label, this.policy.name) ?? { policy: this.policy.name, label };
    const found = resolveVmLabel(this.#host, label, { ...parsed, state: 'valid' });
    return found.kind === 'refused' ? found.decision : judgeLabel(this.#host, label, found.row);
  }

  #checkVm(vm: string): Decision {
    const assigned: AssignedLabel | undefined =
      vm === domainZero
        ? { policy: this.policy.name, label: this.#host.systemLabel, state: 'valid' }
        : this.#labels.vm(vm);
    const found = resolveVmLabel(this.#host, vm, assigned);
    if (found.kind === 'refused') return found.decision;
    return permitted({
      reason: 'ok',
      hook: 'label',
      rule: 'label-definition',
      subject: vm,
      object: assigned === undefined ? '' : labelText(assigned),
      subjectTypes: this.#host.policy.typesOf(found.row),
      sentence: `VM ${vm} carries ${found.label === '' ? 'no label' : `the label ${found.label}`}.`,
    });
  }

  #checkResource(resource: string): Decision {
    const found = resolveResource(this.#host, resource, resource);
    if (found.kind === 'refused') return found.decision;
    const assigned = this.#labels.resource(found.name);
    return permitted({
      reason: 'ok',
      hook: 'label',
      rule: 'label-definition',
      subject: found.name,
      object: assigned === undefined ? '' : labelText(assigned),
      subjectTypes: this.#host.policy.typesOf(found.row),
      sentence: `${found.name} carries ${found.label === '' ? 'no label' : `the label ${found.label}`}.`,
    });
  }
}

/** A document as text (XML if it begins with `<`, else JSON) or as a parsed JSON value. @throws PolicyFormatError */
export function readPolicy(input: unknown): PolicyDocument {
  if (typeof input === 'string' && /^[\s\u{feff}]*</u.test(input)) return parsePolicyXml(input);
  return parsePolicyJson(input);
}

/**
 * Loads a policy as at boot, Domain-0 running with the bootstrap label, nothing else labelled or running.
 * @throws TvdcError `invalid_policy` with the findings in its details
 */
export function createSimulation(policy: PolicyDocument, options: SimulationOptions = {}): Simulation {
  const mode = options.mode ?? 'strict';
  const findings = validatePolicy(policy, { mode });
  if (!isValid(findings)) {
    const first = findings.find(({ severity }) => severity === 'error');
    throw new TvdcError('invalid_policy', `${first?.xserr ?? ''}: ${first?.message ?? ''}`, { details: { findings } });
  }
  return new PolicySimulation(policy, mode);
}
