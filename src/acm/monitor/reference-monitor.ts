import { TvdcError } from '../../base/index.js';
import type { Store, StoreTransaction } from '../../store/index.js';
import {
  compilePolicy,
  type CompiledPolicy,
  type Decision,
  HostState,
  judgeAdmission,
  judgeCommunication,
  judgePort,
  judgePresent,
  judgeResource,
  judgeRunning,
  type Port,
  resolveVmLabel,
  tryResourceName,
} from '../decisions/index.js';
import type { LabelRegistry } from '../labels/index.js';
import { defaultPolicy, type PolicyDocument, policyDigests, type PolicyMode } from '../policy/index.js';
import { answerQuestion } from './answer-question.js';
import type {
  Admission,
  ChangeOptions,
  EnforcementHealth,
  EntryQuestion,
  LabelChange,
  LabelledElement,
  PendingLabelChange,
  Question,
  Reconciliation,
  RunningSystem,
  Transition,
  UpdatePlan,
} from './contract.js';
import { type DurableEnforcement, readEnforcement } from './enforcement.js';
import { Enforcer } from './enforcer.js';
import { examineEntry } from './examine-entry.js';
import { LabelChanges } from './label-changes.js';
import { Mutex } from './mutex.js';
import { Places } from './places.js';
import { planUpdate } from './plan.js';
import type { PolicyRecord } from './policy-record.js';
import { PolicyStore } from './policy-store.js';
import { refuseEntry } from './refuse-entry.js';
import { type AcmStatistics, StatisticsCounter } from './statistics.js';

export interface MonitorOptions {
  readonly store: Store;
  /** Default strict. */
  readonly mode?: PolicyMode;
  /** Human name of a VM or a resource for sentences; default its id. */
  readonly nameOf?: (vm: string) => string | undefined;
  /** Whether a VM was accepted as one that may hold several types, for plans; left out: marks are not kept. */
  readonly isTrusted?: (vm: string) => boolean | undefined;
}

/**
 * The one place where access is decided on a host. Decisions that change the running set, labels or the policy are taken one
 * after another; {@link ask} and {@link decide} may be called at any time. What it answers as done is on disk.
 */
export class ReferenceMonitor {
  readonly mode: PolicyMode;
  readonly labels: LabelRegistry;
  readonly policies: PolicyStore;
  readonly #store: Store;
  readonly #host: HostState;
  readonly #enforcer: Enforcer;
  readonly #labelChanges: LabelChanges;
  readonly #places: Places;
  readonly #mutex = new Mutex();
  readonly #statistics = new StatisticsCounter();

  private constructor(options: MonitorOptions, durable: DurableEnforcement) {
    this.mode = options.mode ?? 'strict';
    this.labels = durable.labels;
    this.#store = options.store;
    const { nameOf, isTrusted } = options;
    const policy = compilePolicy(durable.policy.document, this.mode);
    this.#host = new HostState(policy, {
      labels: this.labels,
      ...(nameOf === undefined ? {} : { nameOf }),
      ...(isTrusted === undefined ? {} : { isTrusted }),
    });
    this.#host.setSystemRow(policy.vmRow(durable.systemLabel) ?? policy.bootstrap);
    this.#places = new Places(this.#host, (vm) => this.left(vm));
    this.policies = new PolicyStore(options.store, this.mode, this.#mutex, durable.records);
    this.#enforcer = new Enforcer(options.store, this.#host, this.policies, durable);
    this.#labelChanges = new LabelChanges(this.#host, this.labels);
  }

  /**
   * Reads the durable state and enforces the enabled policy again, DEFAULT if there is none. The running set is empty until
   * {@link reconcile}.
   * @throws TvdcError `acm_state_damaged` if a stored label cannot be read
   */
  static async open(options: MonitorOptions): Promise<ReferenceMonitor> {
    return new ReferenceMonitor(options, await readEnforcement(options.store, options.mode ?? 'strict'));
  }

  /** Whether the enabled policy is enforced. */
  get health(): EnforcementHealth {
    return this.#enforcer.health;
  }

  /** What is enforced now. */
  get policy(): PolicyRecord {
    return this.#enforcer.policy;
  }

  /** The same in the form in which decisions are made, for reports. */
  get compiled(): CompiledPolicy {
    return this.#host.policy;
  }

  /** Name of the VM label that Domain-0 carries. */
  get systemLabel(): string {
    return this.#host.systemLabel;
  }

  /** Counters since the monitor was opened. */
  get statistics(): AcmStatistics {
    return this.#statistics.read();
  }

  /** Judges a hypothetical question; changes, counts and records nothing. */
  ask(question: Question): Decision {
    return answerQuestion(this.#host, question);
  }

  /** Everything that {@link admit} would refuse, not only the first; changes, counts and records nothing. */
  examine(question: EntryQuestion): readonly Decision[] {
    return examineEntry(this.#host, this.policy, this.health, { ...question, ...this.#canonical(question) });
  }

  /** As {@link ask}, for a hook that enforces the answer: it is counted. */
  decide(question: Question): Decision {
    return this.#statistics.count(this.ask(question));
  }

  /** Whether two running VMs may open a channel; a permitted one is remembered until one of them leaves. */
  communicate(a: string, b: string): Decision {
    const decision = this.#statistics.count(judgeCommunication(this.#host, a, b));
    if (decision.permit) this.#host.connect(a, b);
    return decision;
  }

  /** Lets a VM into the running set: label, authorization, conflict, each device. Counts rise before the promise resolves. */
  admit(vm: string, transition: Transition): Promise<Admission> {
    return this.#mutex.run(() => {
      const admission = this.#admit(vm, transition);
      this.#statistics.countAdmission(admission.decision, this.#canonical(transition));
      return admission;
    });
  }

  #admit(vm: string, transition: Transition): Admission {
    const refusal = refuseEntry(this.#host, this.policy, this.health, vm, transition);
    if (refusal !== null) return { decision: refusal, found: false };
    const devices = this.#canonical(transition);
    const { trusted } = transition;
    const entry = trusted === undefined ? devices : { ...devices, trusted };
    const pending = this.#places.pending(vm);
    const domain = this.#host.domains.get(vm);
    if (pending !== undefined && domain !== undefined) {
      // The VM is judged as if its own place were free, then gets it back with the devices of both calls.
      this.#host.counts.remove(domain.row);
      const { decision, row } = judgeAdmission(this.#host, vm, this.labels.vm(vm), entry);
      this.#host.counts.add(domain.row);
      if (row === undefined) return { decision, found: false };
      for (const resource of devices.resources) domain.resources.add(resource);
      for (const port of devices.ports) domain.ports.set(port.id, port);
      return { decision, reservation: pending, found: true };
    }
    const { decision, row } = judgeAdmission(this.#host, vm, this.labels.vm(vm), entry);
    if (row === undefined) return { decision, found: false };
    return { decision, reservation: this.#places.reserve(vm, row, { ...transition, ...devices }), found: false };
  }

  #canonical(devices: { readonly resources?: readonly string[]; readonly ports?: readonly Port[] }) {
    const resources = (devices.resources ?? []).map((name) => tryResourceName(name, this.mode)?.name ?? name);
    return { resources, ports: devices.ports ?? [] };
  }

  /** A VM has left the running set: stopped, saved, migrated away or crashed. Its permit is void. */
  left(vm: string): void {
    this.#places.release(vm);
    if (!this.#host.remove(vm)) return;
    this.#statistics.departures++;
    if (this.#host.blockedTypes.size > 0) this.#host.blockedTypes = judgePresent(this.#host).types;
  }

  /** A running VM was paused; it still counts. */
  paused(vm: string): void {
    const domain = this.#host.domains.get(vm);
    if (domain?.state === 'running') domain.state = 'paused';
  }

  /** A paused VM runs on. */
  resumed(vm: string): void {
    const domain = this.#host.domains.get(vm);
    if (domain?.state === 'paused') domain.state = 'running';
  }

  /** Whether a running VM may open a resource; if so it counts as its user. */
  attachResource(vm: string, resource: string): Promise<Decision> {
    return this.#attach(
      vm,
      resource,
      'resource',
      (row) => judgeResource(this.#host, vm, row, resource),
      () => {
        const name = tryResourceName(resource, this.mode)?.name ?? resource;
        this.#host.domains.get(vm)?.resources.add(name);
      },
    );
  }

  /** Whether a running VM may have a network interface on a VLAN. */
  attachPort(vm: string, port: Port): Promise<Decision> {
    return this.#attach(
      vm,
      port.id,
      'vif',
      (row) => judgePort(this.#host, vm, row, port),
      () => {
        this.#host.domains.get(vm)?.ports.set(port.id, port);
      },
    );
  }

  #attach(
    vm: string,
    device: string,
    hook: 'resource' | 'vif',
    judge: (row: number) => Decision,
    attached: () => void,
  ): Promise<Decision> {
    return this.#mutex.run(() => {
      const absent = judgeRunning(this.#host, vm, device, hook);
      const decision = absent ?? judge(this.#host.runningRow(vm) ?? 0);
      if (decision.permit) attached();
      return this.#statistics.count(decision);
    });
  }

  detachResource(vm: string, resource: string): void {
    this.#host.domains.get(vm)?.resources.delete(tryResourceName(resource, this.mode)?.name ?? resource);
  }

  /** @param port its id */
  detachPort(vm: string, port: string): void {
    this.#host.domains.get(vm)?.ports.delete(port);
  }

  /**
   * Rebuilds the running set from what the hypervisor says, without asking whether it may be: VMs are never stopped. Reports what
   * violates the policy and blocks new starts of the types concerned. Reservations whose VM is not there expire.
   */
  reconcile(running: readonly RunningSystem[]): Promise<Reconciliation> {
    return this.#mutex.run(() => {
      const there = new Set(running.map(({ vm }) => vm));
      const expired: string[] = [];
      for (const { vm, state } of [...this.#host.domains.values()]) {
        if (there.has(vm)) continue;
        if (state === 'starting') expired.push(vm);
        this.#places.release(vm);
        this.#host.remove(vm);
      }
      for (const system of running) this.#found(system);
      const { violations, types } = judgePresent(this.#host);
      this.#host.blockedTypes = types;
      return { violations, blockedTypes: [...types].sort(), expired };
    });
  }

  #found({ vm, state, ...devices }: RunningSystem): void {
    const label = resolveVmLabel(this.#host, vm, this.labels.vm(vm));
    const before = this.#host.domains.get(vm);
    if (before?.state === 'starting') this.#places.pending(vm)?.commit();
    if (before !== undefined) this.#host.remove(vm);
    const domain = this.#host.place(vm, label.kind === 'row' ? label.row : 0, state, this.#canonical(devices));
    domain.sound = label.kind === 'row';
    for (const peer of before?.channels ?? []) this.#host.connect(vm, peer);
  }

  /** The running set, reservations included. */
  running(): readonly RunningSystem[] {
    return [...this.#host.domains.values()].map(({ vm, state, resources, ports }) => ({
      vm,
      state: state === 'paused' ? 'paused' : 'running',
      resources: [...resources],
      ports: [...ports.values()],
    }));
  }

  /** Types that no VM may bring in now because of what runs, sorted: the running conflict set. */
  excludedTypes(): readonly string[] {
    return this.#host.counts.excludedTypes();
  }

  /** Changes the label of a VM or resource; a running VM passes all checks again. */
  changeLabel(change: LabelChange, options: ChangeOptions = {}): Promise<Decision> {
    return this.#mutex.run(async () => {
      const judged = this.#labelChanges.judge(change);
      this.#statistics.count(judged.decision);
      if (!judged.decision.permit) return judged.decision;
      await this.#store.transaction((tx) => {
        this.#labelChanges.write(tx, change.element, judged);
        options.record?.(tx, judged.decision);
      });
      return judged.decision;
    });
  }

  /**
   * The same inside a transaction of the caller's, so that an element and its label come into being together. A refusal writes
   * nothing; the caller decides what becomes of its transaction.
   */
  changeLabelIn(tx: StoreTransaction, change: LabelChange): PendingLabelChange {
    const judged = this.#labelChanges.judge(change);
    this.#statistics.count(judged.decision);
    return this.#labelChanges.write(tx, change.element, judged);
  }

  /** Drops the label of an element that ceases to exist. */
  forget(tx: StoreTransaction, element: LabelledElement): PendingLabelChange {
    return this.#labelChanges.forget(tx, element);
  }

  /** Gives Domain-0 another label; durable. */
  setSystemLabel(label: string, options: ChangeOptions = {}): Promise<Decision> {
    return this.#mutex.run(async () => this.#statistics.count(await this.#enforcer.setSystemLabel(label, options)));
  }

  /** What enabling a policy would do. */
  plan(policy: PolicyDocument): UpdatePlan {
    return planUpdate(this.#host, policy);
  }

  /**
   * Enforces a deployed policy. Labels follow: renamed, kept, or invalidated where their definition is gone.
   * @throws TvdcError `policy_not_found`, `policy_wrong_state` unless it is deployed
   */
  enable(name: string, version: string, options: ChangeOptions = {}): Promise<Decision> {
    return this.#mutex.run(() => {
      const record = this.policies.get(name, version);
      if (record === undefined) throw new TvdcError('policy_not_found', `no policy ${name} ${version}`);
      if (record.state !== 'deployed') {
        throw new TvdcError('policy_wrong_state', `policy ${name} ${version} is ${record.state}, not deployed`, {
          details: { state: record.state },
        });
      }
      return this.#enforce(record.document, options);
    });
  }

  /**
   * Stores, deploys and enables a policy in one transaction.
   * @throws TvdcError `policy_wrong_state` if another document of that name and version was enforced before
   */
  update(policy: PolicyDocument, options: ChangeOptions = {}): Promise<Decision> {
    return this.#mutex.run(() => {
      const before = this.policies.get(policy.name, policy.version.text);
      const later = before?.state === 'enabled' || before?.state === 'superseded';
      if (before !== undefined && later && before.sha256 !== policyDigests(policy).sha256) {
        const sentence = `another policy ${policy.name} ${policy.version.text} was enforced before`;
        throw new TvdcError('policy_wrong_state', sentence, { details: { state: before.state } });
      }
      return this.#enforce(policy, options);
    });
  }

  /** Back to DEFAULT; refused while VMs run whose labels it lacks. Every other label loses its definition. */
  reset(options: ChangeOptions = {}): Promise<Decision> {
    return this.#mutex.run(() => this.#enforce(defaultPolicy(this.systemLabel), options));
  }

  async #enforce(document: PolicyDocument, options: ChangeOptions): Promise<Decision> {
    const decision = await this.#enforcer.update(document, options);
    if (decision.permit) this.#statistics.policyUpdates++;
    else this.#statistics.refusedUpdates++;
    return this.#statistics.count(decision);
  }
}
