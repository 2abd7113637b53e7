import { CimError, createInstancePath } from '../../../src/cim/index.js';
import { attachDisk, changeLabel, createVolume } from '../../../src/vmm/index.js';
import {
  datacenter,
  openSampleHost,
  populateHost,
  type SampleHost,
  type SampleUser,
} from '../../e2e/support/sample-host.js';

const interop = { namespace: 'root/interop' };

let sample: SampleHost;
let admin: SampleUser;
/** observer of Market Analysis. */
let watcher: SampleUser;
/** datacenter-admin of Market Analysis alone. */
let partial: SampleUser;
/** datacenter-admin of a datacenter that this host does not belong to. */
let stranger: SampleUser;

beforeAll(async () => {
  sample = await openSampleHost();
  await populateHost(sample);
  ({ admin } = sample);
  watcher = await sample.user('watcher');
  partial = await sample.user('partial');
  stranger = await sample.user('stranger');
  const className = 'TVDC_VirtualDatacenter';
  await admin.client.create(className, { CreationClassName: className, Name: 'elsewhere' });
  await admin.host.grantRole('watcher', 'observer', datacenter, ['Market Analysis']);
  await admin.host.grantRole('partial', 'datacenter-admin', datacenter, ['Market Analysis']);
  await admin.host.grantRole('stranger', 'datacenter-admin', 'elsewhere', []);
});
afterAll(() => sample.close());

async function statusOf(work: Promise<unknown>): Promise<number> {
  try {
    await work;
    return 0;
  } catch (error) {
    if (error instanceof CimError) return error.status;
    throw error;
  }
}

test.each(['stranger', 'partial'] as const)(
  '%s changes neither classes nor what concerns the whole host',
  async (name) => {
    const { client } = name === 'stranger' ? stranger : partial;
    const datacenterClass = 'TVDC_VirtualDatacenter';
    const keys = { CreationClassName: datacenterClass, Name: 'third' };
    const outcomes = [
      await statusOf(client.deleteClass('TVDC_IsolationAlert')),
      await statusOf(client.create(datacenterClass, keys)),
      await statusOf(client.create('CIM_Namespace', { Name: 'root/third' }, interop)),
    ];
    expect(outcomes).toEqual([2, 2, 2]);
  },
);

test('the administrator of another datacenter does not learn the accounts', async () => {
  expect(await stranger.client.enumerateInstances('CIM_Identity')).toEqual([]);
});

test('a virtual TPM does not answer to the name of another machine', async () => {
  const [mine, theirs] = [await admin.host.vm('ma-1'), await admin.host.vm('su-1')];
  const [service] = await admin.client.enumerateInstanceNames('TVDC_VirtualTPMService');
  const tpm = (await admin.client.enumerateInstances('TVDC_VirtualTPM')).find(
    (item) => item.getString('SystemName') === theirs.id,
  );
  await admin.host.requestState('su-1', 'stop');
  const forged = createInstancePath('TVDC_VirtualTPM', {
    SystemCreationClassName: 'TVDC_ComputerSystem',
    SystemName: mine.id,
    CreationClassName: 'TVDC_VirtualTPM',
    DeviceID: tpm?.getString('DeviceID') ?? '',
  });
  if (service === undefined) throw new Error('no service');
  for (const method of ['ResetTPM', 'DestroyTPM']) {
    expect(await statusOf(admin.client.invoke(service, method, { TPM: forged }))).toBe(6);
    expect(await statusOf(partial.client.invoke(service, method, { TPM: forged }))).toBe(2);
  }
});

test('a sentence hides the names of other workloads, also those with blanks', async () => {
  const { parts } = sample.vm;
  const actor = { user: 'admin' };
  const own = await admin.host.vm('ma-1');
  for (const name of ['secret-merger', 'secret merger 9']) {
    const { uuid } = await createVolume(parts, actor, name, 4096);
    await changeLabel(parts, actor, { kind: 'volume', uuid }, 'SU');
    await expect(attachDisk(parts, actor, own.id, uuid)).rejects.toThrow(name);
  }
  const read = async (user: SampleUser): Promise<string> =>
    (await user.client.enumerateInstances('TVDC_AccessDecision'))
      .map((item) => `${item.getString('ElementName')} ${item.getString('RecordData')}`)
      .join('\n');
  expect(await read(admin)).toContain('secret merger 9');
  expect(await read(watcher)).toContain('another workload has {SU}');
  expect(await read(watcher)).not.toContain('merger');
});

describe('what somebody else made for indications', () => {
  const url = 'http://127.0.0.1:9/';
  const make = async (user: SampleUser, name: string) => {
    const destination = await user.client.create(
      'CIM_ListenerDestinationCIMXML',
      { Name: name, Destination: url, PersistenceType: 2 },
      interop,
    );
    const filter = await user.client.create(
      'CIM_IndicationFilter',
      {
        Name: name,
        Query: 'SELECT * FROM CIM_InstModification',
        QueryLanguage: 'DMTF:CQL',
        SourceNamespaces: ['root/tvdc'],
      },
      interop,
    );
    const ends = { Filter: filter, Handler: destination };
    return { destination, filter, subscription: await user.client.create('CIM_IndicationSubscription', ends, interop) };
  };

  test('is neither turned elsewhere, nor widened, nor silenced', async () => {
    const { destination, filter, subscription } = await make(admin, 'of-admin');
    const { client } = watcher;
    const outcomes = [
      await statusOf(client.modify(destination, { Destination: 'http://127.0.0.1:10/' }, interop)),
      await statusOf(client.modify(filter, { Query: 'SELECT * FROM CIM_InstCreation' }, interop)),
      await statusOf(client.modify(subscription, { SubscriptionState: 4 }, interop)),
      await statusOf(client.deleteInstance(subscription, interop)),
    ];
    expect(outcomes).toEqual([2, 2, 2, 2]);
    expect((await admin.client.getInstance(destination, interop)).getString('Destination')).toBe(url);
  });

  test('is not shown to others, and to its maker and the administrator it is', async () => {
    const { destination, filter, subscription } = await make(admin, 'hidden');
    const seen = async ({ client }: SampleUser): Promise<number> => {
      const classes = ['CIM_ListenerDestinationCIMXML', 'CIM_IndicationFilter', 'CIM_IndicationSubscription'];
      const lists = await Promise.all(classes.map((className) => client.enumerateInstanceNames(className, interop)));
      return lists.flat().length;
    };
    expect(await seen(watcher)).toBe(0);
    expect(await seen(admin)).toBeGreaterThanOrEqual(3);
    expect(await statusOf(watcher.client.getInstance(destination, interop))).toBe(2);
    await make(watcher, 'own');
    expect(await seen(watcher)).toBe(3);
    for (const path of [subscription, filter, destination]) await admin.client.deleteInstance(path, interop);
  });

  test('is the maker’s to change and delete, and the administrator’s', async () => {
    const { destination, filter, subscription } = await make(watcher, 'of-watcher');
    const outcomes = [
      await statusOf(watcher.client.modify(subscription, { SubscriptionState: 4 }, interop)),
      await statusOf(watcher.client.modify(destination, { Destination: 'http://127.0.0.1:10/' }, interop)),
      await statusOf(admin.client.modify(destination, { Destination: url }, interop)),
      await statusOf(watcher.client.deleteInstance(subscription, interop)),
      await statusOf(watcher.client.deleteInstance(filter, interop)),
      await statusOf(watcher.client.deleteInstance(destination, interop)),
    ];
    expect(outcomes).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
