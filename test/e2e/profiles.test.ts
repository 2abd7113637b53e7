import {
  type CimInstance,
  type CimInstancePath,
  formatObjectPath,
  sameName,
  samePath,
  stringKey,
} from '../../src/cim/index.js';
import type { WbemClient } from '../../src/client/index.js';
import { openSampleHost, populateHost, type SampleHost } from './support/sample-host.js';

const interop = { namespace: 'root/interop' };

let sample: SampleHost;
let client: WbemClient;
let profiles: readonly CimInstance[];

beforeAll(async () => {
  sample = await openSampleHost();
  await populateHost(sample);
  ({ client } = sample.admin);
  profiles = await client.enumerateInstances('CIM_RegisteredProfile', interop);
});
afterAll(() => sample.close());

const pathOf = (instance: CimInstance): CimInstancePath => {
  if (instance.path === null) throw new Error(`an instance of ${instance.className} without a path`);
  return instance.path;
};

interface Hop {
  readonly via: string;
  readonly to: string;
  readonly role?: string;
  readonly resultRole?: string;
}

/** What a client finds by one association; each of it can be read by its own path. */
async function walk(from: CimInstance, { via, to, role, resultRole }: Hop): Promise<readonly CimInstance[]> {
  const found = await client.associatorsOf(pathOf(from), {
    assocClass: via,
    resultClass: to,
    ...(role === undefined ? {} : { role }),
    ...(resultRole === undefined ? {} : { resultRole }),
  });
  const instances = found.filter((item): item is CimInstance => 'getString' in item);
  for (const instance of instances) {
    const again = await client.getInstance(pathOf(instance));
    expect(again.className).toBe(instance.className);
  }
  return instances;
}

async function only(from: CimInstance, hop: Hop): Promise<CimInstance> {
  const found = await walk(from, hop);
  expect([hop.via, hop.to, found.length]).toEqual([hop.via, hop.to, 1]);
  return found[0] as CimInstance;
}

/** Mandatory properties have values. */
function has(instance: CimInstance, ...names: readonly string[]): void {
  const missing = names.filter((name) => (instance.get(name) ?? null) === null);
  expect([instance.className, missing]).toEqual([instance.className, []]);
}

function profileNamed(name: string, version: string): CimInstance {
  const found = profiles.filter((profile) => profile.getString('RegisteredName') === name);
  expect(found.map((profile) => [profile.getNumber('RegisteredOrganization'), profile.getString('RegisteredVersion')]))
    // RegisteredOrganization 2: DMTF.
    .toEqual([[2, version]]);
  return found[0] as CimInstance;
}

/** From the profile to its central instances, by association and by method, and back from each of them. */
async function centralOf(name: string, version: string): Promise<readonly CimInstance[]> {
  const profile = profileNamed(name, version);
  const central = await walk(profile, {
    via: 'CIM_ElementConformsToProfile',
    to: 'CIM_ManagedElement',
    role: 'ConformantStandard',
    resultRole: 'ManagedElement',
  });
  const { out } = await client.invoke(pathOf(profile), 'GetCentralInstances', {}, interop);
  const told = (out['CentralInstances'] ?? []) as readonly CimInstancePath[];
  const texts = (paths: readonly CimInstancePath[]) =>
    paths.map((path) => formatObjectPath({ ...path, host: null })).sort();
  expect(texts(told)).toEqual(texts(central.map(pathOf)));
  for (const element of central) {
    const standards = await walk(element, {
      via: 'CIM_ElementConformsToProfile',
      to: 'CIM_RegisteredProfile',
      resultRole: 'ConformantStandard',
    });
    expect(standards.filter((standard) => samePath(pathOf(standard), pathOf(profile)))).toHaveLength(1);
  }
  return central;
}

const number = (instance: CimInstance, name: string): number => Number(instance.get(name) ?? Number.NaN);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const machines = () => [...sample.vm.parts.inventory.vms()];

test('profiles name those that they build on, in the direction of the DMTF', async () => {
  const below = async (name: string, version: string): Promise<readonly (string | null)[]> => {
    const found = await walk(profileNamed(name, version), {
      via: 'CIM_ReferencedProfile',
      to: 'CIM_RegisteredProfile',
      role: 'Dependent',
      resultRole: 'Antecedent',
    });
    return found.map((profile) => profile.getString('RegisteredName')).sort();
  };
  const allocation = ['Allocation Capabilities', 'Profile Registration', 'Resource Allocation'];
  expect(await below('System Virtualization', '1.0.0')).toEqual(
    [
      ...allocation,
      'Generic Device Resource Virtualization',
      'Memory Resource Virtualization',
      'Virtual System',
    ].sort(),
  );
  expect(await below('Virtual System', '1.0.0')).toEqual(['Profile Registration']);
  expect(await below('Memory Resource Virtualization', '1.0.0')).toEqual(allocation);
  expect(await below('Generic Device Resource Virtualization', '1.0.0')).toEqual(allocation);
});

test('System Virtualization (DSP1042): host, virtual systems, management service and its capabilities', async () => {
  const [host, ...others] = await centralOf('System Virtualization', '1.0.0');
  if (host === undefined) throw new Error('no central instance');
  expect(others).toEqual([]);
  has(host, 'CreationClassName', 'Name', 'NameFormat', 'ElementName', 'EnabledState', 'RequestedState');
  has(host, 'OperationalStatus', 'HealthState', 'Dedicated');

  const hosted = { via: 'CIM_HostedDependency', to: 'CIM_ComputerSystem', role: 'Antecedent', resultRole: 'Dependent' };
  const systems = (await walk(host, hosted)).filter(({ className }) => className === 'TVDC_ComputerSystem');
  expect(systems.map((system) => system.getString('ElementName')).sort()).toEqual(['ma-1', 'ma-2', 'ms-1', 'su-1']);
  for (const system of systems) {
    const back = { ...hosted, role: 'Dependent', resultRole: 'Antecedent' };
    expect(samePath(pathOf(await only(system, back)), pathOf(host))).toBe(true);
    const standards = await walk(system, { via: 'CIM_ElementConformsToProfile', to: 'CIM_RegisteredProfile' });
    expect(standards.map((standard) => standard.getString('RegisteredName'))).toEqual(['Virtual System']);
  }

  const service = await only(host, { via: 'CIM_HostedService', to: 'CIM_VirtualSystemManagementService' });
  has(service, 'SystemCreationClassName', 'SystemName', 'CreationClassName', 'Name', 'ElementName', 'EnabledState');
  const affected = await walk(service, {
    via: 'CIM_ServiceAffectsElement',
    to: 'CIM_ComputerSystem',
    role: 'AffectingElement',
    resultRole: 'AffectedElement',
  });
  expect(affected).toHaveLength(1 + systems.length);

  const capable = { via: 'CIM_ElementCapabilities', to: 'CIM_VirtualSystemManagementCapabilities' };
  const capabilities = await only(service, capable);
  expect(samePath(pathOf(await only(host, capable)), pathOf(capabilities))).toBe(true);
  has(capabilities, 'InstanceID', 'ElementName', 'VirtualSystemTypesSupported', 'IndicationsSupported');
  has(capabilities, 'SynchronousMethodsSupported', 'AsynchronousMethodsSupported');
  const names: Readonly<Record<number, string>> = {
    2: 'DefineSystem',
    3: 'DestroySystem',
    5: 'ModifyResourceSettings',
    6: 'ModifySystemSettings',
    7: 'RemoveResourceSettings',
    10: 'AddResourceSettings',
  };
  for (const method of capabilities.get('SynchronousMethodsSupported') as readonly number[]) {
    // Without parameters each says what it misses: it is there.
    await expect(client.invoke(pathOf(service), names[method] ?? '', {})).rejects.toMatchObject({ status: 4 });
  }
});

test('Virtual System (DSP1057): settings, devices and capabilities of every virtual system', async () => {
  const systems = await centralOf('Virtual System', '1.0.0');
  expect(systems).toHaveLength(machines().length);
  const seen = new Set<string>();
  for (const system of systems) {
    has(system, 'CreationClassName', 'Name', 'NameFormat', 'ElementName', 'EnabledState', 'RequestedState');
    has(system, 'OperationalStatus', 'HealthState', 'AvailableRequestedStates');
    const settings = await only(system, { via: 'CIM_SettingsDefineState', to: 'CIM_VirtualSystemSettingData' });
    has(settings, 'InstanceID', 'ElementName', 'VirtualSystemIdentifier', 'VirtualSystemType');

    const loop = await client.referencesOf(pathOf(settings), {
      resultClass: 'CIM_ElementSettingData',
      role: 'ManagedElement',
    });
    expect(loop).toHaveLength(1);
    const configuration = loop[0] as CimInstance;
    expect(samePath(configuration.get('SettingData') as CimInstancePath, pathOf(settings))).toBe(true);
    expect(['IsDefault', 'IsCurrent', 'IsNext'].map((name) => configuration.get(name))).toEqual([1, 1, 1]);

    const parts = await walk(settings, {
      via: 'CIM_VirtualSystemSettingDataComponent',
      to: 'CIM_ResourceAllocationSettingData',
      role: 'GroupComponent',
    });
    expect(parts.length).toBeGreaterThanOrEqual(4);
    for (const part of parts) {
      has(part, 'InstanceID', 'ResourceType', 'VirtualQuantity', 'VirtualQuantityUnits', 'AllocationUnits', 'PoolID');
      const whole = await only(part, { via: 'CIM_VirtualSystemSettingDataComponent', to: 'CIM_SettingData' });
      expect(samePath(pathOf(whole), pathOf(settings))).toBe(true);
    }

    const devices = await walk(system, { via: 'CIM_SystemDevice', to: 'CIM_LogicalDevice', role: 'GroupComponent' });
    for (const device of devices) {
      has(device, 'SystemCreationClassName', 'SystemName', 'CreationClassName', 'DeviceID', 'ElementName');
      has(device, 'EnabledState', 'OperationalStatus', 'HealthState');
      const setting = await only(device, { via: 'CIM_SettingsDefineState', to: 'CIM_ResourceAllocationSettingData' });
      expect(parts.some((part) => samePath(pathOf(part), pathOf(setting)))).toBe(true);
      const id = formatObjectPath(pathOf(device));
      expect(seen.has(id)).toBe(false);
      seen.add(id);
    }
    const kinds = devices.map(({ className }) => className).sort();
    expect(kinds.filter((kind) => kind === 'TVDC_Processor' || kind === 'TVDC_Memory')).toHaveLength(2);

    const able = await only(system, { via: 'CIM_ElementCapabilities', to: 'CIM_EnabledLogicalElementCapabilities' });
    const states = able.get('RequestedStatesSupported') as readonly number[];
    for (const state of system.get('AvailableRequestedStates') as readonly number[]) expect(states).toContain(state);
  }
});

/** What the allocation profiles ask of a pool, and of all that comes from it. */
async function walkPool(pool: CimInstance): Promise<readonly CimInstance[]> {
  has(pool, 'InstanceID', 'ElementName', 'PoolID', 'Primordial', 'ResourceType', 'AllocationUnits');
  has(pool, 'ConsumedResourceUnits', 'CurrentlyConsumedResource', 'OperationalStatus', 'HealthState');
  const type = pool.getNumber('ResourceType');
  const host = await only(pool, { via: 'CIM_HostedResourcePool', to: 'CIM_System', role: 'PartComponent' });
  expect(host.className).toBe('TVDC_HostSystem');

  const fromPool = { via: 'CIM_ResourceAllocationFromPool', to: 'CIM_ResourceAllocationSettingData' };
  const allocations = await walk(pool, { ...fromPool, role: 'Antecedent' });
  for (const allocation of allocations) {
    expect([allocation.getNumber('ResourceType'), allocation.getString('PoolID')]).toEqual([
      type,
      pool.getString('PoolID'),
    ]);
    const own = await only(allocation, { ...fromPool, to: 'CIM_ResourcePool', role: 'Dependent' });
    expect(samePath(pathOf(own), pathOf(pool))).toBe(true);
  }

  const allocated = { via: 'CIM_ElementAllocatedFromPool', to: 'CIM_LogicalDevice' };
  const devices = await walk(pool, { ...allocated, role: 'Antecedent' });
  expect(devices.length).toBeGreaterThanOrEqual(allocations.length);
  for (const device of devices) {
    const own = await only(device, { ...allocated, to: 'CIM_ResourcePool', role: 'Dependent' });
    expect(samePath(pathOf(own), pathOf(pool))).toBe(true);
    const setting = await only(device, { via: 'CIM_SettingsDefineState', to: 'CIM_ResourceAllocationSettingData' });
    expect(allocations.some((allocation) => samePath(pathOf(allocation), pathOf(setting)))).toBe(true);
    await only(device, { via: 'CIM_SystemDevice', to: 'CIM_ComputerSystem', role: 'PartComponent' });
  }

  const capabilities = await only(pool, { via: 'CIM_ElementCapabilities', to: 'CIM_AllocationCapabilities' });
  expect(capabilities.getNumber('ResourceType')).toBe(type);
  return allocations;
}

test('Resource Allocation (DSP1041): every allocation of every machine comes from one pool of its kind', async () => {
  const pools = await centralOf('Resource Allocation', '1.1.0');
  let allocations = 0;
  for (const pool of pools) allocations += (await walkPool(pool)).length;
  const all = await client.enumerateInstances('CIM_ResourceAllocationSettingData');
  const ofMachines = all.filter(({ className }) => className !== 'TVDC_AllocationLimitSettingData');
  expect(allocations).toBe(ofMachines.length);
  expect(new Set(pools.map((pool) => pool.getNumber('ResourceType'))).size).toBe(pools.length);
});

test('Memory Resource Virtualization (DSP1045): what is reserved is what runs', async () => {
  const [pool, ...others] = await centralOf('Memory Resource Virtualization', '1.0.0');
  if (pool === undefined) throw new Error('no memory pool');
  expect(others).toEqual([]);
  const allocations = await walkPool(pool);
  expect(allocations).toHaveLength(machines().length);
  const running = machines().filter(({ state }) => state === 'running');
  expect(running.length).toBeGreaterThan(1);
  expect(number(pool, 'Reserved')).toBe(sum(running.map(({ memoryMiB }) => memoryMiB)));
  expect(number(pool, 'CurrentlyConsumedResource')).toBe(number(pool, 'Reserved'));
  expect(number(pool, 'Capacity')).toBeGreaterThan(256);
  expect([pool.get('AllocationUnits'), pool.get('ResourceType')]).toEqual(['byte*2^20', 4]);
  for (const allocation of allocations) {
    const memory = await only(allocation, { via: 'CIM_SettingsDefineState', to: 'CIM_Memory' });
    has(memory, 'BlockSize', 'NumberOfBlocks', 'ConsumableBlocks', 'Volatile');
    expect(number(memory, 'BlockSize') * number(memory, 'NumberOfBlocks')).toBe(
      number(allocation, 'VirtualQuantity') * 2 ** 20,
    );
  }
  await sample.admin.host.requestState('su-1', 'stop');
  const after = await client.getInstance(pathOf(pool));
  expect(number(after, 'Reserved')).toBe(number(pool, 'Reserved') - 256);
  await sample.admin.host.requestState('su-1', 'start');
});

test('Generic Device Resource Virtualization (DSP1059): storage, interfaces, processors, virtual TPMs', async () => {
  const pools = await centralOf('Generic Device Resource Virtualization', '1.0.0');
  const byType = new Map(pools.map((pool) => [pool.getNumber('ResourceType'), pool]));
  expect([...byType.keys()].sort((a, b) => Number(a) - Number(b))).toEqual([1, 3, 31, 33]);
  for (const pool of pools) await walkPool(pool);
  const storage = byType.get(31) as CimInstance;
  const volumes = await walk(storage, {
    via: 'CIM_ConcreteComponent',
    to: 'CIM_StorageVolume',
    role: 'GroupComponent',
  });
  const own = [...sample.vm.parts.inventory.volumes()];
  expect(volumes).toHaveLength(own.length);
  expect(number(storage, 'Reserved')).toBe(sum(own.map(({ sizeBytes }) => sizeBytes)));
  expect(number(storage, 'Capacity')).toBeGreaterThan(number(storage, 'Reserved'));
  const running = machines().filter(({ state }) => state === 'running');
  expect(number(byType.get(33) as CimInstance, 'CurrentlyConsumedResource')).toBe(
    sum(running.map(({ ports }) => ports.length)),
  );
  expect(number(byType.get(3) as CimInstance, 'CurrentlyConsumedResource')).toBe(running.length);
  expect(number(byType.get(1) as CimInstance, 'CurrentlyConsumedResource')).toBe(machines().length);
});

test('Allocation Capabilities (DSP1043): the limits that are told are those that are kept', async () => {
  const all = await centralOf('Allocation Capabilities', '1.0.0');
  const [service] = await client.enumerateInstanceNames('TVDC_VirtualSystemManagementService');
  const amounts = new Map<string, number>();
  for (const capabilities of all) {
    has(capabilities, 'InstanceID', 'ElementName', 'ResourceType', 'RequestTypesSupported', 'SharingMode');
    has(capabilities, 'SupportedAddStates', 'SupportedRemoveStates');
    const type = capabilities.getNumber('ResourceType');
    const pool = await only(capabilities, { via: 'CIM_ElementCapabilities', to: 'CIM_ResourcePool' });
    expect(pool.getNumber('ResourceType')).toBe(type);
    await only(capabilities, { via: 'CIM_ElementCapabilities', to: 'CIM_ComputerSystem' });
    const links = await client.referencesOf(pathOf(capabilities), { resultClass: 'CIM_SettingsDefineCapabilities' });
    for (const link of links as readonly CimInstance[]) {
      has(link, 'PropertyPolicy', 'ValueRole', 'ValueRange');
      const setting = await client.getInstance(link.get('PartComponent') as CimInstancePath);
      has(setting, 'InstanceID', 'ElementName', 'ResourceType', 'VirtualQuantity', 'VirtualQuantityUnits');
      expect(setting.getNumber('ResourceType')).toBe(type);
      const range =
        link.getNumber('ValueRole') === 0
          ? 'default'
          : ['', 'minimum', 'maximum', 'increment'][number(link, 'ValueRange')];
      amounts.set(`${type} ${range}`, number(setting, 'VirtualQuantity'));
    }
  }
  for (const type of [1, 3, 4, 33]) {
    const of = (name: string): number => amounts.get(`${type} ${name}`) ?? Number.NaN;
    expect(of('minimum')).toBeLessThanOrEqual(of('default'));
    expect(of('default')).toBeLessThanOrEqual(of('maximum'));
    expect(of('increment')).toBe(1);
  }
  const create = async (name: string, memory: number): Promise<unknown> =>
    (
      await client.invoke(service as CimInstancePath, 'CreateVirtualMachine', {
        Name: name,
        MemoryMiB: BigInt(memory),
        Label: 'MA',
      })
    ).returnValue;
  expect(await create('least', amounts.get('4 minimum') ?? 0)).toBe(0);
  expect(await create('most', amounts.get('4 maximum') ?? 0)).toBe(0);
  expect(await create('less', (amounts.get('4 minimum') ?? 0) - 1)).toBe(5);
  expect(await create('more', (amounts.get('4 maximum') ?? 0) + 1)).toBe(5);
});

test('a profile is registered only where it was walked here', () => {
  const walked = [
    'System Virtualization',
    'Virtual System',
    'Resource Allocation',
    'Allocation Capabilities',
    'Generic Device Resource Virtualization',
    'Memory Resource Virtualization',
  ];
  const elsewhere = ['Profile Registration', 'Indications', 'Isolation', 'Integrity', 'WBEM Server'];
  const names = profiles.map((profile) => profile.getString('RegisteredName') ?? '');
  expect(names.filter((name) => !walked.some((own) => sameName(own, name)) && !elsewhere.includes(name))).toEqual([]);
  expect(walked.filter((name) => !names.includes(name))).toEqual([]);
});

test('who sees one workload gets its machines and its share of the pools, and nothing of the others', async () => {
  const watcher = await sample.user('watcher');
  await sample.admin.host.grantRole('watcher', 'observer', 'tvdc', ['Market Analysis']);
  const profile = pathOf(profileNamed('Virtual System', '1.0.0'));
  const { out } = await watcher.client.invoke(profile, 'GetCentralInstances', {}, interop);
  const told = (out['CentralInstances'] ?? []) as readonly CimInstancePath[];
  const own = machines().filter(({ name }) => name.startsWith('ma-'));
  const found = await watcher.client.associatorsOf(profile, { assocClass: 'CIM_ElementConformsToProfile' });
  const visible = found.map((item) => ('getString' in item ? item.getString('ElementName') : null));
  expect(visible.sort()).toEqual(expect.arrayContaining(own.map(({ name }) => name)));
  expect(visible.filter((name) => name === 'su-1' || name === 'ms-1')).toEqual([]);
  expect(told.map((path) => stringKey(path, 'Name')).sort()).toEqual(
    found.map((item) => ('getString' in item ? (item.getString('Name') ?? undefined) : undefined)).sort(),
  );

  const poolOf = async (of: WbemClient, type: number): Promise<CimInstance> =>
    (await of.enumerateInstances('CIM_ResourcePool')).find(
      (pool) => pool.getNumber('ResourceType') === type,
    ) as CimInstance;
  const running = own.filter(({ state }) => state === 'running');
  expect(number(await poolOf(watcher.client, 4), 'Reserved')).toBe(sum(running.map(({ memoryMiB }) => memoryMiB)));
  expect(number(await poolOf(client, 4), 'Reserved')).toBeGreaterThan(sum(running.map(({ memoryMiB }) => memoryMiB)));
  const storage = await poolOf(watcher.client, 31);
  expect(number(storage, 'Reserved')).toBe(2 * 2 ** 20);
  const disks = await watcher.client.associatorsOf(pathOf(storage), { resultClass: 'CIM_LogicalDisk' });
  expect(disks).toHaveLength(2);
});
