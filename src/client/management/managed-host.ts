import { TvdcError } from '../../base/index.js';
import { type CimInstance, type CimInstancePath, type CimValue, createInstance, stringKey } from '../../cim/index.js';
import type { WbemClient } from '../wbem/index.js';
import { followJob, JobFailedError, type JobStatus } from './jobs.js';
import { pickNamed } from './names.js';
import { completed, outText } from './refusal.js';
import { pathOf } from './texts.js';

/** What RequestStateChange asks for. */
export const requestedStates = { start: 2, stop: 3, shutdown: 4, save: 6, pause: 9, reboot: 10, reset: 11 } as const;
export type RequestedState = keyof typeof requestedStates;

const stateNames: Readonly<Record<number, string>> = { 2: 'running', 3: 'off', 4: 'stopping', 6: 'saved', 9: 'paused' };

/** Something of a host that is named by people: a VM, a volume, a VLAN. */
export interface NamedElement {
  readonly name: string;
  readonly id: string;
  readonly path: CimInstancePath;
  readonly label: string | null;
}

export interface ManagedVm extends NamedElement {
  readonly state: string;
  readonly criticality: number | null;
  /** It may hold several types. */
  readonly trusted: boolean;
  /** When its state changed last, as the host writes datetimes. */
  readonly changed: string | null;
}

export type DecisionAnswer = Readonly<{
  permit: boolean;
  reason: string;
  rule: string;
  enforcedBy: string;
  subjectTypes: readonly string[];
  objectTypes: readonly string[];
  commonTypes: readonly string[];
  sentence: string;
}>;

export interface AccessQuestion {
  readonly hook: 'sharing' | 'authorization' | 'conflict' | 'resource' | 'vlan' | 'vif';
  readonly subject?: string;
  readonly object?: string;
  readonly subjectLabel?: string;
  readonly objectLabel?: string;
}

function words(value: CimValue | undefined): readonly string[] {
  return typeof value === 'string' && value !== '' ? value.split(' ') : [];
}

/** Waits for the end of a job, or does something else about it. @throws JobFailedError */
export type JobWait = (job: CimInstancePath) => Promise<JobStatus>;

const failed = 4;
const jobStarted = 4096;
const definition = 'DefineSystem';

/**
 * One host as the management stack of the paper sees it: over CIM alone. Names of VMs, volumes and VLANs may be given where
 * an element is wanted.
 */
export class ManagedHost {
  readonly client: WbemClient;
  readonly namespace: string;
  readonly #wait: JobWait;

  /** @param wait what to do where a method goes on in a job; left out: it is followed to its end */
  constructor(client: WbemClient, namespace = 'root/tvdc', wait?: JobWait) {
    this.client = client;
    this.namespace = namespace;
    this.#wait = wait ?? ((job) => followJob(client, job, { namespace }));
  }

  async #service(className: string): Promise<CimInstancePath> {
    const path = await this.client.instancePaths(className, { namespace: this.namespace }).first();
    if (path === undefined) throw new TvdcError('not_found', `the host has no ${className}`);
    return path;
  }

  async #invoke(
    target: CimInstancePath,
    method: string,
    parameters: Readonly<Record<string, CimValue | undefined>> = {},
  ) {
    const answer = await this.client.invoke(target, method, parameters, { namespace: this.namespace });
    if (answer.returnValue === jobStarted) return this.#outOf(method, pathOf(answer.out['Job'], 'job'));
    // A method that tells of each of several elements has told, also where one of them failed.
    if (answer.returnValue === failed && Array.isArray(answer.out['Results'])) return answer.out;
    return completed(method, answer);
  }

  /** What the method would have answered if it had not gone on in a job. */
  async #outOf(method: string, job: CimInstancePath): Promise<Readonly<Record<string, CimValue>>> {
    try {
      const { results } = await this.#wait(job);
      if (method !== definition) return { Results: [...results] };
      const made = { assocClass: 'CIM_AffectedJobElement', resultClass: 'CIM_ComputerSystem' };
      const system = await this.client.associatorPaths(job, { namespace: this.namespace, ...made }).first();
      return { ResultingSystem: system ?? null };
    } catch (error) {
      const isOfParts = error instanceof JobFailedError && error.job.state === 'failed' && error.job.results.length > 0;
      if (isOfParts) return { Results: [...error.job.results] };
      throw error;
    }
  }

  /**
   * Calls a method of one of the host's services; its OUT parameters. What goes on in a job is followed to its end.
   * @throws MethodRefusedError @throws JobFailedError @throws TvdcError `not_found`
   */
  async call(
    className: string,
    method: string,
    parameters: Readonly<Record<string, CimValue | undefined>> = {},
  ): Promise<Readonly<Record<string, CimValue>>> {
    return this.#invoke(await this.#service(className), method, parameters);
  }

  /** The management VM and its hypervisor. */
  async system(): Promise<CimInstance> {
    const host = await this.client.instances('TVDC_HostSystem', { namespace: this.namespace }).first();
    if (host === undefined) throw new TvdcError('not_found', 'the server has no TVDC_HostSystem');
    return host;
  }

  /** Label of each labelled element, by the text of its key. */
  async labels(): Promise<ReadonlyMap<string, string>> {
    const out = new Map<string, string>();
    for await (const link of this.client.instances('TVDC_ElementSecurityLabel', { namespace: this.namespace })) {
      const element = pathOf(link.get('ManagedElement'), 'labelled element');
      const label = pathOf(link.get('SecurityLevel'), 'label');
      const id = /^TVDC:label:(.+):[^:]+:(?:VM|RES):([^:]+)$/.exec(stringKey(label, 'InstanceID') ?? '');
      if (id !== null) out.set(idOf(element), `ACM:${id[1]}:${id[2]}`);
    }
    return out;
  }

  async vms(): Promise<readonly ManagedVm[]> {
    const labels = await this.labels();
    const vms: ManagedVm[] = [];
    for await (const vm of this.client.instances('TVDC_ComputerSystem', { namespace: this.namespace })) {
      vms.push(toVm(vm, (id) => labels.get(id) ?? null));
    }
    return vms.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** One VM by its path, without looking at the others. @throws CimError 2, 6 */
  async vmAt(path: CimInstancePath): Promise<ManagedVm> {
    const options = { namespace: this.namespace, assocClass: 'TVDC_ElementSecurityLabel' };
    const label = await this.client.associators(path, options).first();
    const instance = await this.client.getInstance(path, { namespace: this.namespace });
    return toVm(instance, () => label?.getString('FullName') ?? null);
  }

  async #elements(className: string, nameOf: (instance: CimInstance) => string): Promise<readonly NamedElement[]> {
    const labels = await this.labels();
    const out: NamedElement[] = [];
    for await (const instance of this.client.instances(className, { namespace: this.namespace })) {
      const path = pathOf(instance.path, 'path');
      out.push({ name: nameOf(instance), id: idOf(path), path, label: labels.get(idOf(path)) ?? null });
    }
    return out;
  }

  volumes(): Promise<readonly NamedElement[]> {
    return this.#elements('TVDC_StorageVolume', (volume) => volume.getString('ElementName') ?? '');
  }

  vlans(): Promise<readonly NamedElement[]> {
    return this.#elements('TVDC_VLAN', (vlan) => `vlan:${vlan.getNumber('VLANId') ?? ''}`);
  }

  /** A VM by name or UUID. @throws TvdcError `not_found`, `ambiguous` */
  async vm(name: string): Promise<ManagedVm> {
    const named: { name: string; id: string; path: CimInstancePath }[] = [];
    const options = { namespace: this.namespace, propertyList: ['ElementName'], ...filterFor(name) };
    for await (const vm of this.client.instances('TVDC_ComputerSystem', options)) {
      const path = pathOf(vm.path, 'path');
      named.push({ name: vm.getString('ElementName') ?? '', id: idOf(path), path });
    }
    return this.vmAt(pickNamed(named, name, 'virtual machine').path);
  }

  /** A VM, a volume or a VLAN by name or identifier. @throws TvdcError `not_found`, `ambiguous` */
  async element(name: string): Promise<NamedElement> {
    const all = [...(await this.vms()), ...(await this.volumes()), ...(await this.vlans())];
    return pickNamed(
      all,
      name,
      'virtual machine, volume or VLAN',
      ({ path }) => kindNames[path.className] ?? 'element',
    );
  }

  /** @throws CimError 1 where the policy refuses; MethodRefusedError for a state that the VM cannot go to */
  async requestState(vm: string, state: RequestedState): Promise<void> {
    const { path } = await this.vm(vm);
    await this.#invoke(path, 'RequestStateChange', { RequestedState: requestedStates[state] });
  }

  /** @throws MethodRefusedError */
  async assignLabel(element: string, label: string, oldLabel?: string): Promise<string> {
    const { path } = await this.element(element);
    const out = await this.#invoke(await this.#service('TVDC_SecurityPolicyService'), 'AssignLabel', {
      Label: label,
      OldLabel: oldLabel,
      Element: path,
    });
    return outText(out, 'Explanation');
  }

  /** @throws MethodRefusedError */
  async removeLabel(element: string, oldLabel?: string): Promise<void> {
    const { path } = await this.element(element);
    await this.#invoke(await this.#service('TVDC_SecurityPolicyService'), 'RemoveLabel', {
      OldLabel: oldLabel,
      Element: path,
    });
  }

  /** @returns the policy's path and what the check found @throws MethodRefusedError for a policy that is not valid */
  async importPolicy(
    document: string,
    form: 'xml' | 'json',
  ): Promise<{ readonly policy: CimInstancePath; readonly findings: readonly string[] }> {
    const out = await this.#invoke(await this.#service('TVDC_SecurityPolicyService'), 'ImportPolicy', {
      Document: document,
      Format: form === 'xml' ? 2 : 3,
    });
    const findings = out['Findings'];
    return { policy: pathOf(out['Policy'], 'policy'), findings: Array.isArray(findings) ? findings.map(String) : [] };
  }

  /** A policy by `name version` or by its InstanceID. @throws TvdcError `not_found` */
  async policy(name: string): Promise<CimInstance> {
    for await (const policy of this.client.instances('TVDC_SecurityPolicy', { namespace: this.namespace })) {
      const full = `${policy.getString('PolicyName') ?? ''} ${policy.getString('PolicyVersion') ?? ''}`;
      if (full === name || policy.getString('InstanceID') === name) return policy;
    }
    throw new TvdcError('not_found', `no policy "${name}" on this host; it is named by its name and version`);
  }

  policies(): Promise<readonly CimInstance[]> {
    return this.client.instances('TVDC_SecurityPolicy', { namespace: this.namespace }).toArray();
  }

  async deployPolicy(policy: CimInstancePath): Promise<void> {
    await this.#invoke(await this.#service('TVDC_SecurityPolicyService'), 'DeployPolicy', { Policy: policy });
  }

  /** @returns the server's sentence @throws MethodRefusedError naming what would break */
  async enablePolicy(policy: CimInstancePath): Promise<string> {
    const out = await this.#invoke(await this.#service('TVDC_SecurityPolicyService'), 'EnablePolicy', {
      Policy: policy,
    });
    return outText(out, 'Explanation');
  }

  async resetPolicy(): Promise<void> {
    await this.#invoke(await this.#service('TVDC_SecurityPolicyService'), 'ResetPolicy');
  }

  /** The document of a policy; `binary` is the form that the original hypervisor loads, as base64. */
  async exportPolicy(policy: CimInstancePath, form: 'xml' | 'json' | 'binary'): Promise<string> {
    const out = await this.#invoke(await this.#service('TVDC_SecurityPolicyService'), 'ExportPolicy', {
      Format: { xml: 2, json: 3, binary: 4 }[form],
      Policy: policy,
    });
    return outText(out, 'Document');
  }

  /** Asks the reference monitor without any effect. */
  async evaluate(question: AccessQuestion): Promise<DecisionAnswer> {
    const out = await this.#invoke(await this.#service('TVDC_SecurityPolicyService'), 'EvaluateAccess', {
      Hook: question.hook,
      Subject: question.subject,
      Object: question.object,
      SubjectLabel: question.subjectLabel,
      ObjectLabel: question.objectLabel,
    });
    return {
      permit: out['Decision'] === 'permit',
      reason: outText(out, 'Reason'),
      rule: outText(out, 'Rule'),
      enforcedBy: outText(out, 'EnforcedBy'),
      subjectTypes: words(out['SubjectTypes']),
      objectTypes: words(out['ObjectTypes']),
      commonTypes: words(out['CommonTypes']),
      sentence: outText(out, 'Explanation'),
    };
  }

  /** Changes which workloads this host may run. @throws MethodRefusedError */
  async setSystemLabel(label: string): Promise<void> {
    const host = await this.system();
    await this.#invoke(pathOf(host.path, 'path'), 'SetSystemLabel', { Label: label });
  }

  /** Makes a virtual datacenter if it is not there and puts this host into it. */
  async joinDatacenter(name: string): Promise<void> {
    const cls = await this.client.getClass('TVDC_VirtualDatacenter', { namespace: this.namespace });
    const paths = await this.client.instancePaths(cls.name, { namespace: this.namespace }).toArray();
    const found = paths.find((path) => stringKey(path, 'Name') === name);
    const path = found ?? (await this.#createDatacenter(name));
    await this.#invoke(path, 'JoinDatacenter');
  }

  async #createDatacenter(name: string): Promise<CimInstancePath> {
    const cls = await this.client.getClass('TVDC_VirtualDatacenter', { namespace: this.namespace });
    const instance = createInstance(cls, { CreationClassName: cls.name, Name: name, ElementName: name });
    return this.client.createInstance(instance, { namespace: this.namespace });
  }

  async createDomain(name: string, datacenter: string, types: readonly string[]): Promise<CimInstancePath> {
    const out = await this.#invoke(await this.#service('TVDC_TrustedVirtualDomainService'), 'CreateDomain', {
      Name: name,
      Datacenter: datacenter,
      Types: [...types],
    });
    return pathOf(out['ResultingDomain'], 'domain');
  }

  /** Gives a user a role in a virtual datacenter (null: in all), for all or for some of its domains. */
  async grantRole(user: string, role: string, datacenter: string | null, domains: readonly string[]): Promise<void> {
    await this.#invoke(await this.#service('TVDC_RoleBasedAuthorizationService'), 'GrantRole', {
      User: user,
      Role: role,
      Datacenter: datacenter,
      TVDs: [...domains],
    });
  }
}

const kindNames: Readonly<Record<string, string>> = {
  TVDC_ComputerSystem: 'virtual machine',
  TVDC_StorageVolume: 'volume',
  TVDC_VLAN: 'VLAN',
};

/** Has the host look for a name by itself, where the name can stand in a query as it is. */
function filterFor(name: string): { readonly filterQueryLanguage?: string; readonly filterQuery?: string } {
  if (!/^[\w.-]+$/.test(name)) return {};
  const filterQuery = `ElementName = '${name}' OR Name = '${name.toLowerCase()}'`;
  return { filterQueryLanguage: 'DMTF:FQL', filterQuery };
}

function toVm(vm: CimInstance, labelOf: (id: string) => string | null): ManagedVm {
  const path = pathOf(vm.path, 'path');
  const id = idOf(path);
  const changed = vm.get('TimeOfLastStateChange');
  return {
    name: vm.getString('ElementName') ?? '',
    id,
    path,
    label: labelOf(id),
    state: stateNames[vm.getNumber('EnabledState') ?? 0] ?? 'unknown',
    criticality: vm.getNumber('Criticality'),
    trusted: vm.get('Trusted') === true,
    changed: typeof changed === 'object' && changed !== null && 'text' in changed ? String(changed.text) : null,
  };
}

function idOf(path: CimInstancePath): string {
  return stringKey(path, 'DeviceID') ?? stringKey(path, 'InstanceID') ?? stringKey(path, 'Name') ?? '';
}
