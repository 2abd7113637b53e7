import { type CimInstance, type CimInstancePath, type CimValue, createInstance } from '../../src/cim/index.js';
import { createIndicationListener, type WbemClient } from '../../src/client/index.js';
import { subscribe } from '../../src/host/demo/subscribe.js';
import { namespace, openSampleHost, prepareDatacenter, type SampleHost } from './support/sample-host.js';

type Values = Readonly<Record<string, CimValue>>;

let sample: SampleHost;
let client: WbemClient;
let service: CimInstancePath;

const system = 'TVDC_VirtualSystemSettingData';
const memory = 'TVDC_MemoryAllocationSettingData';
const processor = 'TVDC_ProcessorAllocationSettingData';
const storage = 'TVDC_StorageAllocationSettingData';
const ethernet = 'TVDC_EthernetPortAllocationSettingData';
const tpm = 'TVDC_TPMAllocationSettingData';

beforeAll(async () => {
  sample = await openSampleHost();
  ({ client } = sample.admin);
  await prepareDatacenter(sample.admin.host);
  service = (await client.enumerateInstanceNames('TVDC_VirtualSystemManagementService'))[0] as CimInstancePath;
});
afterAll(() => sample.close());

async function embedded(className: string, values: Values): Promise<CimInstance> {
  return createInstance(await client.getClass(className, { localOnly: false }), values).withPath(null);
}

/** The return value, or the status that came instead. */
async function invoke(method: string, parameters: Readonly<Record<string, unknown>>): Promise<string> {
  try {
    const { returnValue } = await client.invoke(service, method, parameters as Readonly<Record<string, CimValue>>);
    return `${Number(returnValue)}`;
  } catch (error) {
    const { status, description } = error as { readonly status: number; readonly description: string };
    return `status ${status}: ${description}`;
  }
}

const inventory = () => sample.vm.parts.inventory;
const vmNamed = (name: string) => {
  const vm = inventory().vmByName(name);
  if (vm === undefined) throw new Error(`no virtual machine ${name}`);
  return vm;
};
const labelOf = (name: string): string | undefined => sample.vm.parts.monitor.labels.vm(vmNamed(name).uuid)?.label;

/** The settings of a machine of one class, as a client reads them. */
async function settingsOf(name: string, className: string): Promise<readonly CimInstance[]> {
  const id = `TVDC:${vmNamed(name).uuid}`;
  const all = await client.enumerateInstances(className);
  return all.filter((item) => (item.getString('InstanceID') ?? '').startsWith(id));
}
async function settingOf(name: string, className: string): Promise<CimInstance> {
  const [found] = await settingsOf(name, className);
  if (found === undefined) throw new Error(`${name} has no ${className}`);
  return found;
}
const changed = async (name: string, className: string, values: Values): Promise<CimInstance> =>
  (await settingOf(name, className)).with(values).withPath(null);

async function define(name: string, resources: readonly CimInstance[] = [], label = 'MA'): Promise<void> {
  const settings = await embedded(system, { ElementName: name, SecurityLabel: label });
  expect(await invoke('DefineSystem', { SystemSettings: settings, ResourceSettings: resources })).toBe('0');
}

describe('DefineSystem', () => {
  test('takes settings of the general classes by their ResourceType', async () => {
    const general = 'CIM_ResourceAllocationSettingData';
    await define('general', [
      await embedded(general, { ResourceType: 4, VirtualQuantity: 1n, VirtualQuantityUnits: 'byte*2^30' }),
      await embedded(general, { ResourceType: 3, VirtualQuantity: 2n }),
      await embedded(general, { ResourceType: 33, Connection: ['100'] }),
      await embedded(general, { ResourceType: 1, OtherResourceType: 'TVDC:TPM' }),
    ]);
    expect(vmNamed('general')).toMatchObject({ memoryMiB: 1024, processors: 2, tpm: true, ports: [{ vlanId: 100 }] });
    expect(labelOf('general')).toBe('MA');
  });

  test('refuses what a virtual machine cannot have, and kinds of systems that the host does not', async () => {
    const settings = await embedded(system, { ElementName: 'no', SecurityLabel: 'MA' });
    const floppy = await embedded('CIM_ResourceAllocationSettingData', { ResourceType: 14 });
    expect(await invoke('DefineSystem', { SystemSettings: settings, ResourceSettings: [floppy] })).toMatch(/^status 4/);
    const twice = [await embedded(memory, { VirtualQuantity: 64n }), await embedded(memory, { VirtualQuantity: 64n })];
    expect(await invoke('DefineSystem', { SystemSettings: settings, ResourceSettings: twice })).toMatch(/^status 4/);
    const foreign = settings.with({ VirtualSystemType: 'vmx-08' });
    expect(await invoke('DefineSystem', { SystemSettings: foreign })).toMatch(/^status 4: .*TVDC:embedded/);
    expect(inventory().vmByName('no')).toBeUndefined();
  });
});

describe('ModifySystemSettings', () => {
  test('takes the settings as they were read, with what is to be different', async () => {
    await define('system');
    const { uuid } = vmNamed('system');
    const wish = await changed('system', system, { ElementName: 'renamed', SecurityLabel: 'SU', Criticality: 4 });
    expect(await invoke('ModifySystemSettings', { SystemSettings: wish })).toBe('0');
    expect(vmNamed('renamed')).toMatchObject({ uuid, criticality: 'high' });
    expect(labelOf('renamed')).toBe('SU');
    expect((await settingOf('renamed', system)).getString('SecurityLabel')).toBe('ACM:tvdc-sample:SU');
    const bare = await embedded(system, { InstanceID: `TVDC:${uuid}`, SecurityLabel: '' });
    expect(await invoke('ModifySystemSettings', { SystemSettings: bare })).toBe('0');
    expect(labelOf('renamed')).toBeUndefined();
    expect(vmNamed('renamed').criticality).toBe('high');
  });

  test('does all of it or nothing, and says why', async () => {
    await define('whole');
    const refused = await changed('whole', system, { ElementName: 'half', SecurityLabel: 'Unknown' });
    expect(await invoke('ModifySystemSettings', { SystemSettings: refused })).toMatch(/^status 1: TVDC0203: /);
    expect(inventory().vmByName('half')).toBeUndefined();
    const notes = await changed('whole', system, { Notes: ['mine'] });
    expect(await invoke('ModifySystemSettings', { SystemSettings: notes })).toBe(
      'status 4: TVDC_VirtualSystemSettingData.Notes cannot be changed',
    );
    const taken = await changed('whole', system, { ElementName: 'ma-1' });
    expect(await invoke('ModifySystemSettings', { SystemSettings: taken })).toMatch(/^status 4: TVDC0103/);
    const nameless = await embedded(system, { ElementName: 'x' });
    expect(await invoke('ModifySystemSettings', { SystemSettings: nameless })).toMatch(/^status 4: .*InstanceID/);
    const nobody = await embedded(system, { InstanceID: 'TVDC:nobody', ElementName: 'x' });
    expect(await invoke('ModifySystemSettings', { SystemSettings: nobody })).toMatch(/^status 6/);
    expect(await invoke('ModifySystemSettings', {})).toMatch(/^status 4/);
  });

  test('answers Invalid State for the name of one that runs, which keeps all it had', async () => {
    await define('running');
    await sample.admin.host.requestState('running', 'start');
    const renamed = await changed('running', system, { ElementName: 'later' });
    expect(await invoke('ModifySystemSettings', { SystemSettings: renamed })).toBe('5');
    const rated = await changed('running', system, { Criticality: 2 });
    expect(await invoke('ModifySystemSettings', { SystemSettings: rated })).toBe('0');
    expect(vmNamed('running')).toMatchObject({ criticality: 'low', state: 'running' });
  });
});

describe('ModifyResourceSettings', () => {
  test('changes memory in any unit, processors, volume and VLAN in one call', async () => {
    const { id: uuid } = await sample.admin.host.element('spare-disk');
    await sample.admin.host.assignLabel('spare-disk', 'MA', '');
    await define('resources', [
      await embedded(storage, { ElementName: 'resources-disk', VirtualQuantity: 512n, AllocationUnits: 'byte' }),
      await embedded(ethernet, { Connection: ['vlan:100'] }),
    ]);
    const wishes = [
      await changed('resources', memory, { VirtualQuantity: 2n, VirtualQuantityUnits: 'byte * 2^30' }),
      await changed('resources', processor, { VirtualQuantity: 3n }),
      await changed('resources', storage, { HostResource: [uuid], Address: null }),
      await changed('resources', ethernet, { Connection: ['vlan:200'], Address: '02:00:5E:10:00:07' }),
    ];
    const { returnValue, out } = await client.invoke(service, 'ModifyResourceSettings', { ResourceSettings: wishes });
    expect(returnValue).toBe(0);
    expect(out['ResultingResourceSettings']).toHaveLength(4);
    expect(vmNamed('resources')).toMatchObject({
      memoryMiB: 2048,
      processors: 3,
      disks: [{ volume: uuid }],
      ports: [{ vlanId: 200, mac: '02:00:5e:10:00:07' }],
    });
    const read = await settingOf('resources', memory);
    expect([read.get('VirtualQuantity'), read.get('VirtualQuantityUnits')]).toEqual([2048n, 'byte*2^20']);
  });

  test('answers what the schema says where it cannot', async () => {
    const one = await changed('general', memory, { VirtualQuantity: 512n });
    const other = await changed('whole', memory, { VirtualQuantity: 512n });
    const modify = (...settings: CimInstance[]) => invoke('ModifyResourceSettings', { ResourceSettings: settings });
    expect(await modify(one, other)).toBe('6');
    expect(await modify(await changed('running', memory, { VirtualQuantity: 512n }))).toBe('5');
    expect(await modify(await changed('running', memory, {}))).toBe('0');
    expect(await modify(one.with({ VirtualQuantity: 0n }))).toMatch(/^status 4/);
    expect(await modify(one.with({ VirtualQuantity: 1n, VirtualQuantityUnits: 'byte' }))).toMatch(/^status 4/);
    expect(await modify(one.with({ VirtualQuantityUnits: 'hertz' }))).toMatch(/^status 4/);
    expect(await modify(one.with({ Weight: 5 }))).toMatch(/^status 4: .*Weight cannot be changed/);
    expect(await modify(one.with({ InstanceID: 'TVDC:nobody/memory' }))).toMatch(/^status 6/);
    expect(await modify()).toMatch(/^status 4/);
    expect(vmNamed('general').memoryMiB).toBe(1024);
  });
});

describe('AddResourceSettings and RemoveResourceSettings', () => {
  const add = async (name: string, ...settings: CimInstance[]) =>
    invoke('AddResourceSettings', {
      AffectedConfiguration: (await settingOf(name, system)).path,
      ResourceSettings: settings,
    });
  const remove = (...settings: readonly CimInstance[]) =>
    invoke('RemoveResourceSettings', { ResourceSettings: settings.map(({ path }) => path) });

  test('give and take disks, interfaces and the virtual TPM', async () => {
    await define('devices');
    expect(await add('devices', await embedded(ethernet, { Connection: ['100'] }), await embedded(tpm, {}))).toBe('0');
    expect(vmNamed('devices')).toMatchObject({ tpm: true, ports: [{ vlanId: 100 }] });
    expect(await add('devices', await embedded(tpm, {}))).toMatch(/^status 1: TVDC0104/);
    const [port] = await settingsOf('devices', ethernet);
    const [chip] = await settingsOf('devices', tpm);
    expect(await remove(port as CimInstance, chip as CimInstance)).toBe('0');
    expect(vmNamed('devices')).toMatchObject({ tpm: false, ports: [] });
  });

  test('leave nothing behind where one of several cannot be had', async () => {
    const both = [await embedded(ethernet, { Connection: ['100'] }), await embedded(ethernet, { Connection: ['7'] })];
    expect(await add('devices', ...both)).toMatch(/^status 6/);
    expect(vmNamed('devices').ports).toEqual([]);
  });

  test('answer Not Supported for what every machine has exactly once', async () => {
    expect(await add('devices', await embedded(memory, { VirtualQuantity: 64n }))).toBe('1');
    expect(await remove(await settingOf('devices', processor))).toBe('1');
  });

  test('answer Invalid State where a device cannot go now', async () => {
    expect(await add('running', await embedded(ethernet, { Connection: ['100'] }))).toBe('0');
    await sample.admin.host.requestState('running', 'save');
    expect(await remove(await settingOf('running', ethernet))).toBe('5');
    expect(await add('running', await embedded(ethernet, { Connection: ['100'] }))).toMatch(/^status 1: TVDC0102/);
    await sample.admin.host.requestState('running', 'start');
    expect(await remove(await settingOf('running', ethernet))).toBe('0');
  });
});

test('DestroySystem answers Invalid State for one that runs, and removes one that is off', async () => {
  const path = (await sample.admin.host.vm('running')).path;
  expect(await invoke('DestroySystem', { AffectedSystem: path })).toBe('5');
  await sample.admin.host.requestState('running', 'stop');
  expect(await invoke('DestroySystem', { AffectedSystem: path })).toBe('0');
  expect(await invoke('DestroySystem', { AffectedSystem: path })).toMatch(/^status 6/);
});

describe('ModifyInstance of settings', () => {
  test('is the same change, of the properties that are named', async () => {
    await define('instance');
    const settings = (await settingOf('instance', system)).path as CimInstancePath;
    await client.modify(settings, { SecurityLabel: 'SU', Criticality: 2 });
    expect([labelOf('instance'), vmNamed('instance').criticality]).toEqual(['SU', 'low']);
    await client.modify(settings, { SecurityLabel: null });
    expect(labelOf('instance')).toBeUndefined();
    const size = (await settingOf('instance', memory)).path as CimInstancePath;
    await client.modify(size, { VirtualQuantity: 96n });
    expect(vmNamed('instance').memoryMiB).toBe(96);
    await expect(client.modify(size, { Weight: 4 })).rejects.toMatchObject({ status: 4 });
  });
});

test('life-cycle indications of settings tell what was before', async () => {
  const received: CimInstance[] = [];
  const enabled: (readonly CimValue[])[] = [];
  const shown: (readonly [string, CimValue, CimValue])[] = [];
  const listener = await createIndicationListener({ onIndication: ({ indication }) => void received.push(indication) });
  const told = async (count: number): Promise<readonly (readonly [string, string, CimValue, CimValue])[]> => {
    const deadline = Date.now() + 10_000;
    while (received.length < count && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    const rows = received.splice(0).map((indication) => {
      const labelIn = (name: string): CimValue =>
        (indication.get(name) as CimInstance | null | undefined)?.get('SecurityLabel') ?? null;
      enabled.push([
        (indication.get('SourceInstance') as CimInstance).getString('ElementName'),
        ...(['PreviousInstance', 'SourceInstance'] as const).map(
          (name) => (indication.get(name) as CimInstance | null | undefined)?.get('EnabledState') ?? null,
        ),
      ]);
      shown.push([
        (indication.get('SourceInstance') as CimInstance).className,
        labelIn('PreviousInstance'),
        labelIn('SourceInstance'),
      ]);
      const value = (name: string, property: string): CimValue =>
        (indication.get(name) as CimInstance | null | undefined)?.get(property) ?? null;
      const source = (indication.get('SourceInstance') as CimInstance).className;
      const property = source === system ? 'SecurityLabel' : source === memory ? 'VirtualQuantity' : 'ElementName';
      return [
        indication.className,
        source,
        value('PreviousInstance', property),
        value('SourceInstance', property),
      ] as const;
    });
    return rows.sort((a, b) => a[1].localeCompare(b[1]));
  };
  try {
    await define('told');
    for (const name of ['CIM_InstModification', 'CIM_InstCreation', 'CIM_InstDeletion'])
      await subscribe(client, name, listener.url, namespace);
    const relabel = await changed('told', system, { SecurityLabel: 'SU', ElementName: 'told-on' });
    await invoke('ModifySystemSettings', { SystemSettings: relabel });
    expect(await told(4)).toEqual([
      ['CIM_InstModification', 'TVDC_ComputerSystem', 'told', 'told-on'],
      ['CIM_InstModification', memory, 256n, 256n],
      ['CIM_InstModification', processor, 'told processors', 'told-on processors'],
      ['CIM_InstModification', system, 'ACM:tvdc-sample:MA', 'ACM:tvdc-sample:SU'],
    ]);
    await invoke('ModifyResourceSettings', {
      ResourceSettings: [await changed('told-on', memory, { VirtualQuantity: 64n })],
    });
    expect(await told(2)).toEqual([
      ['CIM_InstModification', 'TVDC_ComputerSystem', 'told-on', 'told-on'],
      ['CIM_InstModification', memory, 256n, 64n],
    ]);
    await invoke('AddResourceSettings', {
      AffectedConfiguration: (await settingOf('told-on', system)).path,
      ResourceSettings: [await embedded(ethernet, { Connection: ['200'] })],
    });
    expect(await told(2)).toEqual([
      ['CIM_InstModification', 'TVDC_ComputerSystem', 'told-on', 'told-on'],
      ['CIM_InstCreation', ethernet, null, 'told-on network interface'],
    ]);
    await invoke('RemoveResourceSettings', {
      ResourceSettings: (await settingsOf('told-on', ethernet)).map(({ path }) => path),
    });
    expect(await told(2)).toEqual([
      ['CIM_InstModification', 'TVDC_ComputerSystem', 'told-on', 'told-on'],
      ['CIM_InstDeletion', ethernet, null, 'told-on network interface'],
    ]);
    await sample.admin.host.assignLabel('told-on', 'MA', 'SU');
    expect(await told(1)).toEqual([['CIM_InstModification', system, 'ACM:tvdc-sample:SU', 'ACM:tvdc-sample:MA']]);
    // The settings of resources show the labels of what they stand for.
    const { host } = sample.admin;
    await client.create('TVDC_VLAN', { VLANId: 301, ElementName: 'shown' });
    await client.create('TVDC_StorageVolume', { ElementName: 'shown', NumberOfBlocks: 1n, BlockSize: 512n });
    const { id } = await host.element('shown');
    await invoke('AddResourceSettings', {
      AffectedConfiguration: (await settingOf('told-on', system)).path,
      ResourceSettings: [
        await embedded(ethernet, { Connection: ['301'] }),
        await embedded(storage, { HostResource: [`TVDC_StorageVolume.DeviceID="${id}"`] }),
      ],
    });
    await told(3);
    shown.length = 0;
    for (const [element, className] of [
      ['vlan:301', ethernet],
      ['shown', storage],
    ] as const) {
      await host.assignLabel(element, 'MA', '');
      await host.assignLabel(element, 'MA');
      await host.removeLabel(element);
      const changes: unknown[] = [];
      while (changes.length < 2) {
        await told(1);
        changes.push(...shown.splice(0).filter(([source]) => source === className));
      }
      expect(changes).toEqual([
        [className, null, 'ACM:tvdc-sample:MA'],
        [className, 'ACM:tvdc-sample:MA', null],
      ]);
    }
    // A graceful shut down shows from its beginning.
    await define('graceful');
    await host.requestState('graceful', 'start');
    await host.requestState('graceful', 'shutdown');
    const states: unknown[] = [];
    while (states.length < 3) {
      await told(1);
      states.push(
        ...enabled
          .splice(0)
          .filter(([name, before, after]) => name === 'graceful' && before !== null && before !== after),
      );
    }
    expect(states).toEqual([
      ['graceful', 3, 2],
      ['graceful', 2, 4],
      ['graceful', 4, 3],
    ]);
  } finally {
    await listener.close();
  }
});
