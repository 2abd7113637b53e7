import {
  type CimInstance,
  type CimInstancePath,
  type CimValue,
  CimError,
  formatObjectPath,
} from '../../src/cim/index.js';
import { samplePolicies, writePolicyJson } from '../../src/acm/index.js';
import { createIndicationListener } from '../../src/client/index.js';
import {
  datacenter,
  namespace,
  openSampleHost,
  populateHost,
  type SampleHost,
  type SampleUser,
} from './support/sample-host.js';

const outOfScope = 'the object belongs to another workload or does not exist';

let sample: SampleHost;
let admin: SampleUser;
/** tvdc-admin of Market Analysis alone. */
let operator: SampleUser;
/** tvdc-admin of all domains of the datacenter. */
let chief: SampleUser;
/** observer of Market Analysis. */
let watcher: SampleUser;
/** datacenter-admin of this datacenter. */
let keeper: SampleUser;
/** datacenter-admin of a datacenter that this host does not belong to. */
let stranger: SampleUser;
let nobody: SampleUser;

beforeAll(async () => {
  sample = await openSampleHost();
  operator = await populateHost(sample);
  ({ admin } = sample);
  chief = await sample.user('chief');
  watcher = await sample.user('watcher');
  keeper = await sample.user('keeper');
  stranger = await sample.user('stranger');
  nobody = await sample.user('nobody');
  await admin.host.grantRole('chief', 'tvdc-admin', datacenter, []);
  await admin.host.grantRole('watcher', 'observer', datacenter, ['Market Analysis']);
  await admin.host.grantRole('keeper', 'datacenter-admin', datacenter, []);
  const cls = await admin.client.getClass('TVDC_VirtualDatacenter');
  await admin.client.create(cls.name, { CreationClassName: cls.name, Name: 'elsewhere' });
  await admin.host.grantRole('stranger', 'datacenter-admin', 'elsewhere', []);
});
afterAll(() => sample.close());

/** `0` done, `status sentence` refused by status, or the return value of a method. */
async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return '0';
  } catch (error) {
    if (error instanceof CimError) return `${error.status} ${error.description}`;
    return error instanceof Error ? `${(error as { code?: string }).code}: ${error.message}` : String(error);
  }
}

async function path(className: string, name: string): Promise<CimInstancePath> {
  const found = (await admin.client.enumerateInstances(className)).find(
    (item) => item.getString('ElementName') === name,
  );
  const path = found?.path ?? null;
  if (path === null) throw new Error(`no ${className} ${name}`);
  return path;
}

async function service(className: string): Promise<CimInstancePath> {
  const [found] = await admin.client.enumerateInstanceNames(className);
  if (found === undefined) throw new Error(`no ${className}`);
  return found;
}

const requestState = (user: SampleUser, vm: CimInstancePath, state: number): Promise<unknown> =>
  user.client.invoke(vm, 'RequestStateChange', { RequestedState: state });
const assign = async (user: SampleUser, element: CimInstancePath, label: string): Promise<unknown> => {
  const result = await user.client.invoke(await service('TVDC_SecurityPolicyService'), 'AssignLabel', {
    Label: label,
    Element: element,
  });
  if (result.returnValue !== 0) throw new Error(`AssignLabel: ${Number(result.returnValue)}`);
  return result;
};

describe('what a user of one workload sees', () => {
  /** Everything that the user reads in the namespace, as text. */
  const readable = async (user: SampleUser): Promise<ReadonlyMap<string, string>> => {
    const seen = new Map<string, string>();
    for (const cls of await admin.client.enumerateClasses({ deepInheritance: true, includeQualifiers: false })) {
      if (!cls.name.startsWith('TVDC_')) continue;
      const instances = await user.client.enumerateInstances(cls.name).catch((error: unknown) => {
        if (error instanceof CimError) return [] as CimInstance[];
        throw error;
      });
      for (const instance of instances) {
        const values = cls.properties.map(({ name }) => textOf(instance.get(name)));
        seen.set(instance.path === null ? '' : formatObjectPath(instance.path), values.join(' '));
      }
    }
    return seen;
  };
  const textOf = (value: unknown): string => {
    if (Array.isArray(value)) return value.map(textOf).join(' ');
    if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance-path')
      return formatObjectPath(value as CimInstancePath);
    return String(value);
  };

  test.each(['operator', 'watcher'] as const)('%s finds no trace of the other workloads', async (name) => {
    const user = name === 'operator' ? operator : watcher;
    const { inventory, vtpms } = sample.vm.parts;
    const foreign = [...inventory.vms()].filter((vm) => vm.name === 'su-1' || vm.name === 'ms-1');
    const traces = [
      'su-1',
      'ms-1',
      'Security Underwriting',
      'vlan:200',
      'br-vlan200',
      ...foreign.flatMap((vm) => [
        vm.uuid,
        ...vm.disks.flatMap((disk) => [disk.id, disk.volume]),
        ...vm.ports.map((port) => port.id),
        vtpms.get(vm.uuid)?.uuid ?? 'none',
      ]),
    ];
    expect(traces.length).toBeGreaterThan(12);
    const seen = await readable(user);
    expect(seen.size).toBeGreaterThan(100);
    const all = [...seen].map(([path, text]) => `${path} ${text}`);
    expect(all.filter((text) => traces.some((trace) => text.includes(trace)))).toEqual([]);
    const own = await admin.host.vm('ma-1');
    expect(all.filter((text) => text.includes(own.id)).length).toBeGreaterThan(20);
  });

  test('the datacenter administrator of this datacenter sees all of it, the one of another nothing', async () => {
    const names = async (user: SampleUser): Promise<readonly string[]> => (await user.host.vms()).map((vm) => vm.name);
    expect(await names(keeper)).toEqual(['ma-1', 'ma-2', 'ms-1', 'su-1']);
    expect((await keeper.host.volumes()).map((volume) => volume.name)).toContain('spare-disk');
    expect(await names(stranger)).toEqual([]);
    expect(await stranger.client.enumerateInstances('TVDC_HostSystem')).toEqual([]);
    expect(await names(chief)).toEqual(['ma-1', 'ma-2', 'su-1']);
    expect(await names(operator)).toEqual(['ma-1', 'ma-2']);
    expect(await outcomeOf(nobody.host.vms())).toBe('2 the user has no role');
  });

  test('of the pools of the host each is told the share of the workloads that they see', async () => {
    const [memory, storage, interfaces] = ['memory', 'storage', 'ethernet'];
    const used = async (user: SampleUser): Promise<readonly unknown[]> => {
      const pools = await user.client.enumerateInstances('TVDC_ResourcePool');
      return [memory, storage, interfaces].map((kind) => {
        const pool = pools.find((item) => item.getString('PoolID') === `TVDC:${kind}`);
        return Number(pool?.get('CurrentlyConsumedResource') ?? Number.NaN);
      });
    };
    const disk = 2 ** 20;
    // ma-1 and su-1 run, each with a disk and an interface; ma-2, ms-1 and a spare disk are there besides.
    expect(await used(admin)).toEqual([512, 5 * disk, 2]);
    expect(await used(keeper)).toEqual([512, 5 * disk, 2]);
    expect(await used(chief)).toEqual([512, 3 * disk, 2]);
    expect(await used(operator)).toEqual([256, 2 * disk, 1]);
    expect(await used(watcher)).toEqual([256, 2 * disk, 1]);
    expect(await used(stranger)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    const su = await path('TVDC_ComputerSystem', 'su-1');
    await requestState(admin, su, 3);
    expect(await used(watcher)).toEqual([256, 2 * disk, 1]);
    expect(await used(chief)).toEqual([256, 3 * disk, 1]);
    await requestState(admin, su, 2);
    // What comes from a pool is seen only where the machine is.
    const [pool] = await watcher.client.enumerateInstances('TVDC_ResourcePool');
    const allocations = await watcher.client.associatorsOf(pool?.path as CimInstancePath, {
      assocClass: 'CIM_ResourceAllocationFromPool',
    });
    expect(allocations).toHaveLength(2);
  });

  test('another workload and nothing at all answer alike', async () => {
    const foreign = await path('TVDC_ComputerSystem', 'su-1');
    const nothing = {
      ...foreign,
      keys: foreign.keys.map((key) => (key.name === 'Name' ? { ...key, value: 'no' } : key)),
    };
    for (const name of [foreign, nothing]) {
      expect(await outcomeOf(operator.client.getInstance(name))).toBe(`2 ${outOfScope}`);
      expect(await outcomeOf(operator.client.associatorsOf(name))).toBe(`2 ${outOfScope}`);
      expect(await outcomeOf(requestState(operator, name, 3))).toBe(`2 ${outOfScope}`);
      expect(await outcomeOf(operator.client.modify(name, { Criticality: 2 }))).toBe(`2 ${outOfScope}`);
      expect(await outcomeOf(assign(operator, name, 'MA'))).toBe(`2 ${outOfScope}`);
    }
    for (const object of ['su-1', 'nobody']) {
      expect(await outcomeOf(operator.host.evaluate({ hook: 'sharing', subject: 'ma-1', object }))).toBe(
        `2 ${outOfScope}`,
      );
    }
    const own = await operator.host.evaluate({ hook: 'sharing', subject: 'Domain-0', object: 'ma-1' });
    expect(own.permit).toBe(true);
  });

  test('evidence of another workload is not theirs to take', async () => {
    const tpm = await path('TVDC_VirtualTPM', 'TPM of su-1');
    const log = await path('TVDC_MeasurementLog', 'Measurements of su-1');
    expect(await outcomeOf(watcher.client.invoke(tpm, 'GetIdentity'))).toBe(`2 ${outOfScope}`);
    expect(await outcomeOf(watcher.client.invoke(log, 'GetMeasurements'))).toBe(`2 ${outOfScope}`);
    const own = await path('TVDC_VirtualTPM', 'TPM of ma-1');
    expect(await outcomeOf(watcher.client.invoke(own, 'GetIdentity'))).toBe('0');
    expect(await outcomeOf(watcher.client.invoke(await service('TVDC_TPM'), 'GetIdentity'))).toBe('0');
  });
});

describe('what each role may do', () => {
  const refused = (method: string): string => `2 no role of the user allows ${method}`;

  test('only the datacenter administrator touches policies, roles, domains, machines and the host', async () => {
    const policies = await service('TVDC_SecurityPolicyService');
    const roles = await service('TVDC_RoleBasedAuthorizationService');
    const domains = await service('TVDC_TrustedVirtualDomainService');
    const machines = await service('TVDC_VirtualSystemManagementService');
    const erasure = await service('TVDC_StorageErasureService');
    const [policy] = await admin.client.enumerateInstanceNames('TVDC_SecurityPolicy');
    const [host] = await admin.client.enumerateInstanceNames('TVDC_HostSystem');
    const vm = await path('TVDC_ComputerSystem', 'ma-1');
    const volume = await path('TVDC_StorageVolume', 'ma-1-disk');
    const document = writePolicyJson(samplePolicies['tvdc-sample 1.1']);
    const calls: readonly (readonly [CimInstancePath, string, Readonly<Record<string, unknown>>])[] = [
      [policies, 'ImportPolicy', { Document: document, Format: 3 }],
      [policies, 'DeployPolicy', { Policy: policy }],
      [policies, 'EnablePolicy', { Policy: policy }],
      [policies, 'ResetPolicy', {}],
      [roles, 'GrantRole', { User: 'operator', Role: 'datacenter-admin' }],
      [roles, 'RevokeRole', { User: 'admin', Role: 'datacenter-admin' }],
      [domains, 'CreateDomain', { Name: 'mine', Datacenter: datacenter, Types: ['SU'] }],
      [machines, 'CreateVirtualMachine', { Name: 'mine' }],
      [machines, 'DestroySystem', { AffectedSystem: vm }],
      [erasure, 'Erase', { Element: volume }],
      [host as CimInstancePath, 'SetSystemLabel', { Label: 'HostMA' }],
    ];
    for (const user of [operator, chief, watcher]) {
      for (const [target, method, parameters] of calls) {
        const work = user.client.invoke(target, method, parameters as Readonly<Record<string, string>>);
        expect([user.name, await outcomeOf(work)]).toEqual([user.name, refused(method)]);
      }
    }
    expect(sample.vm.parts.monitor.policy.version).toBe('1.0');
  });

  test('of all methods of all that they see, each role may call those of the table and no other', async () => {
    // Users of their own: attempts of one user are recorded one by one up to a limit only.
    const looker = await sample.user('looker');
    const runner = await sample.user('runner');
    await admin.host.grantRole('looker', 'observer', datacenter, ['Market Analysis']);
    await admin.host.grantRole('runner', 'tvdc-admin', datacenter, ['Market Analysis']);
    const evidence = ['GetIdentity', 'ActivateCredential', 'Quote', 'GetEvidence'];
    const looking = {
      TVDC_SecurityPolicyService: ['EvaluateAccess', 'ExportPolicy'],
      TVDC_VirtualSystemManagementService: ['CheckStart'],
      TVDC_TPM: evidence,
      TVDC_VirtualTPM: evidence,
      TVDC_CertificateAuthority: ['GetRevocationLists'],
      TVDC_MeasurementLog: ['GetMeasurements'],
    };
    const table = new Map<SampleUser, Readonly<Record<string, readonly string[]>>>([
      [looker, looking],
      [
        runner,
        {
          ...looking,
          TVDC_SecurityPolicyService: ['AssignLabel', 'EvaluateAccess', 'ExportPolicy', 'RemoveLabel'],
          TVDC_ComputerSystem: ['RequestStateChange'],
          TVDC_TrustedVirtualDomainService: ['ChangeMembersState'],
        },
      ],
    ]);

    const classes = (await admin.client.enumerateClasses({ deepInheritance: true })).filter(({ name }) =>
      name.startsWith('TVDC_'),
    );
    for (const [user, allowed] of table) {
      let refusals = 0;
      for (const cls of classes.filter(({ methods }) => methods.length > 0)) {
        const names = await user.client.enumerateInstanceNames(cls.name);
        const target = names.find(({ className }) => className === cls.name);
        if (target === undefined) continue;
        for (const method of cls.methods) {
          // Without parameters: the right is asked for before these are looked at.
          const told = await outcomeOf(user.client.invoke(target, method.name, {}));
          const may = allowed[cls.name]?.includes(method.name) ?? false;
          expect([user.name, cls.name, method.name, told === refused(method.name)]).toEqual([
            user.name,
            cls.name,
            method.name,
            !may,
          ]);
          if (!may) refusals++;
        }
      }
      expect(refusals).toBeGreaterThan(30);
    }
  });

  test('the TVDc administrator starts, stops and rates own machines; an observer does not', async () => {
    const vm = await path('TVDC_ComputerSystem', 'ma-2');
    expect(await outcomeOf(requestState(operator, vm, 2))).toBe('0');
    expect(await outcomeOf(operator.client.modify(vm, { Criticality: 2 }))).toBe('0');
    expect(await outcomeOf(requestState(watcher, vm, 3))).toBe(refused('RequestStateChange'));
    expect(await outcomeOf(watcher.client.modify(vm, { Criticality: 4 }))).toBe(refused('ModifyInstance'));
    const unmarked = '2 the trusted mark is not theirs to set';
    expect(await outcomeOf(operator.client.modify(vm, { Criticality: 3, Trusted: true }))).toBe(unmarked);
    expect(await outcomeOf(chief.client.modify(vm, { Trusted: true }))).toBe(unmarked);
    expect(await outcomeOf(operator.client.modify(vm, { Criticality: 3, Trusted: false }))).toBe('0');
    expect(await outcomeOf(keeper.client.modify(vm, { Trusted: true }))).toBe('0');
    expect(await outcomeOf(operator.client.modify(vm, { Trusted: false }))).toBe(unmarked);
    expect(await outcomeOf(keeper.client.modify(vm, { Trusted: false }))).toBe('0');
    expect(await outcomeOf(requestState(keeper, vm, 3))).toBe('0');
  });

  test('settings are changed by datacenter administrators only, and what may belong to others by those of all', async () => {
    const settingOf = async (name: string, className: string): Promise<CimInstancePath> => {
      const { id } = await admin.host.vm(name);
      const all = await admin.client.enumerateInstanceNames(className);
      const found = all.find((item) => formatObjectPath(item).includes(id));
      if (found === undefined) throw new Error(`${name} has no ${className}`);
      return found;
    };
    const own = await settingOf('ma-2', 'TVDC_VirtualSystemSettingData');
    const foreign = await settingOf('su-1', 'TVDC_VirtualSystemSettingData');
    for (const user of [operator, watcher]) {
      expect(await outcomeOf(user.client.modify(own, { SecurityLabel: 'SU' }))).toBe(refused('ModifyInstance'));
      expect(await outcomeOf(user.client.modify(foreign, { Criticality: 2 }))).toBe(`2 ${outOfScope}`);
    }
    const part = await sample.user('part');
    await admin.host.grantRole('part', 'datacenter-admin', datacenter, ['Market Analysis']);
    const memory = await settingOf('ma-2', 'TVDC_MemoryAllocationSettingData');
    const disk = await settingOf('ma-2', 'TVDC_StorageAllocationSettingData');
    expect(await outcomeOf(part.client.modify(memory, { VirtualQuantity: 300n }))).toBe('0');
    const told = '2 only who sees the whole host changes that';
    expect(await outcomeOf(part.client.modify(own, { SecurityLabel: 'SU' }))).toBe(told);
    expect(await outcomeOf(part.client.modify(own, { Trusted: true }))).toBe(told);
    const spare = (await admin.host.element('spare-disk')).id;
    // What there is and what there is not answer alike.
    for (const volume of [spare, 'nothing'])
      expect(await outcomeOf(part.client.modify(disk, { HostResource: [volume] }))).toBe(told);
    expect(await outcomeOf(part.client.modify(foreign, { Criticality: 2 }))).toBe(`2 ${outOfScope}`);
    expect(await outcomeOf(keeper.client.modify(memory, { VirtualQuantity: 256n }))).toBe('0');
  });

  test('the TVDc administrator assigns labels of own types only, never the management label', async () => {
    const vm = await path('TVDC_ComputerSystem', 'ma-2');
    expect(await outcomeOf(assign(operator, vm, 'MA'))).toBe('0');
    expect(await outcomeOf(assign(operator, vm, 'SU'))).toBe('2 the label belongs to another workload');
    expect(await outcomeOf(assign(operator, vm, 'SystemManagement'))).toMatch(/^2 the label of the management VM/);
    expect(await outcomeOf(assign(operator, vm, 'HostMA'))).toMatch(/^2 a label with the type SystemManagement/);
    expect(await outcomeOf(assign(chief, vm, 'SU'))).toBe('0');
    expect(await outcomeOf(assign(chief, vm, 'MA'))).toBe('0');
    // Nobody but the datacenter administrator hands out what has no label yet.
    expect(await outcomeOf(assign(chief, await path('TVDC_StorageVolume', 'spare-disk'), 'MA'))).toBe(
      `2 ${outOfScope}`,
    );
    expect(await outcomeOf(assign(keeper, await path('TVDC_StorageVolume', 'spare-disk'), 'MA'))).toBe('0');
    expect(await outcomeOf(assign(watcher, vm, 'MA'))).toBe(refused('AssignLabel'));
  });

  test('a role of one datacenter grants nothing in another', async () => {
    expect(await outcomeOf(keeper.host.grantRole('watcher', 'datacenter-admin', 'elsewhere', []))).toMatch(
      /^2 roles are/,
    );
    const roles = await service('TVDC_RoleBasedAuthorizationService');
    const everywhere = keeper.client.invoke(roles, 'GrantRole', { User: 'keeper', Role: 'datacenter-admin' });
    expect(await outcomeOf(everywhere)).toMatch(/^2 roles are/);
    const [policy] = await admin.client.enumerateInstanceNames('TVDC_SecurityPolicy');
    const policies = await service('TVDC_SecurityPolicyService');
    expect(
      await outcomeOf(stranger.client.invoke(policies, 'EnablePolicy', { Policy: policy as CimInstancePath })),
    ).toBe(`2 ${outOfScope}`);
  });

  test('a forecast tells nothing of VLANs and names of other workloads, nor whether they are there', async () => {
    const machines = await service('TVDC_VirtualSystemManagementService');
    const text = (value: CimValue | undefined): string => (typeof value === 'string' ? value : '');
    const forecast = async (user: SampleUser, name: string, vlans: readonly number[]): Promise<readonly unknown[]> => {
      const parameters = { Name: name, Label: 'MA', DiskLabels: ['MA'], VLANs: [...vlans] };
      const { out } = await user.client.invoke(machines, 'CheckStart', parameters);
      return [out['ReasonCodes'], text(out['Explanation']).replace(/VLAN \d+/, 'it')];
    };
    const unknown = [['no_such_vlan'], 'There is no it on this host.'];
    expect(await forecast(operator, 'free', [100])).toEqual([[], 'Nothing stands against a start.']);
    expect(await forecast(operator, 'free', [200])).toEqual(unknown);
    expect(await forecast(operator, 'free', [999])).toEqual(unknown);
    expect(await forecast(operator, 'su-1', [100])).toEqual(await forecast(operator, 'free', [100]));
    expect((await forecast(operator, 'ma-1', [100]))[0]).toEqual(['name_in_use']);
    expect((await forecast(watcher, 'ma-1', [100]))[0]).toEqual(['name_in_use']);
    expect((await forecast(admin, 'su-1', [200, 999]))[0]).toEqual(['name_in_use', 'no_common_type', 'no_such_vlan']);
    const foreign = { System: await path('TVDC_ComputerSystem', 'su-1') };
    expect(await outcomeOf(operator.client.invoke(machines, 'CheckStart', foreign))).toBe(`2 ${outOfScope}`);
  });

  test('a refusal by conflict does not name the other workload', async () => {
    const { host } = admin;
    await host.requestState('ma-1', 'stop');
    await host.enablePolicy((await host.policy('tvdc-sample 1.1')).path as CimInstancePath);
    const told = await outcomeOf(operator.host.requestState('ma-1', 'start'));
    expect(told).toContain('may not run beside another workload');
    expect(told).not.toContain('su-1');
    expect(await outcomeOf(host.requestState('ma-1', 'start'))).toContain('may not run beside su-1');
    const records = await operator.client.enumerateInstances('TVDC_AccessDecision');
    const own = records.filter((record) => (record.getString('ElementName') ?? '').includes('beside another workload'));
    expect(own.length).toBeGreaterThan(0);
    expect(records.filter((record) => (record.getString('RecordData') ?? '').includes('su-1'))).toEqual([]);
  });
});

test('an attempt without the right is recorded, and told to who sees everything', async () => {
  const received: CimInstance[] = [];
  const listener = await createIndicationListener({ onIndication: ({ indication }) => void received.push(indication) });
  try {
    const { subscribe } = await import('../../src/host/demo/subscribe.js');
    await subscribe(admin.client, 'TVDC_IsolationAlert', listener.url, namespace);
    const before = (await admin.client.enumerateInstanceNames('TVDC_AccessDecision')).length;
    const vm = await path('TVDC_ComputerSystem', 'su-1');
    await outcomeOf(operator.host.importPolicy('{}', 'json'));
    await outcomeOf(requestState(operator, vm, 3));
    const deadline = Date.now() + 10_000;
    while (received.length < 2 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    const records = await admin.client.enumerateInstances('TVDC_AccessDecision');
    const fresh = records.slice(before);
    expect(
      fresh.map((record) => [record.getString('Actor'), record.getString('Outcome'), record.getString('ElementName')]),
    ).toEqual([
      ['operator', 'deny', 'operator may not call TVDC_SecurityPolicyService.ImportPolicy'],
      ['operator', 'deny', 'operator may not call TVDC_ComputerSystem.RequestStateChange'],
    ]);
    expect(received.map((alert) => alert.getString('MessageID'))).toEqual(['TVDC0205', 'TVDC0205']);
    expect(received.map((alert) => alert.getString('DecisionID'))).toEqual(
      fresh.map((record) => record.getString('InstanceID')),
    );
    expect(received[1]?.getString('AlertingManagedElement')).toContain('TVDC_ComputerSystem');
  } finally {
    await listener.close();
  }
});
