import { createInstancePath, type CimInstancePath, type CimValue } from '../../../src/cim/model/index.js';
import type { Caller } from '../../../src/cimom/index.js';
import { createInteropWorld, interop, type InteropWorld, systemName } from '../support/interop-world.js';
import { Listeners } from '../support/listeners.js';
import { all, statusOf } from '../support/outcome.js';
import { enumerateInstances, getInstance } from '../support/requests.js';

const alice: Caller = { user: 'alice', method: 'basic', address: '192.0.2.1' };
const url = 'http://listener.example:25000/indications';

const filterValues = {
  Query: 'SELECT * FROM CIM_AlertIndication',
  QueryLanguage: 'WQL',
  SourceNamespaces: ['root/events'],
};

async function subscribe(
  world: InteropWorld,
  filter: Readonly<Record<string, CimValue>> = {},
  more: Readonly<Record<string, CimValue>> = {},
  caller: Caller = alice,
): Promise<{ filter: CimInstancePath; handler: CimInstancePath; subscription: CimInstancePath }> {
  const made = await world.create('CIM_IndicationFilter', { ...filterValues, ...filter }, caller);
  const handler = await world.create('CIM_ListenerDestinationCIMXML', { Destination: url }, caller);
  const ends = { Filter: made, Handler: handler };
  const subscription = await world.create('CIM_IndicationSubscription', { ...ends, ...more }, caller);
  return { filter: made, handler, subscription };
}

test('a filter and a destination without keys get those of this host, and path and properties agree', async () => {
  const world = await createInteropWorld();
  const { filter, handler } = await subscribe(world);
  for (const path of [filter, handler]) {
    const { instance } = await world.run(getInstance(path, { namespace: interop }));
    const keys = Object.fromEntries(path.keys.map((key) => [key.name, key.value]));
    for (const [name, value] of Object.entries(keys)) expect(instance.get(name)).toBe(value);
    expect(keys).toMatchObject({ SystemCreationClassName: 'CIM_ComputerSystem', SystemName: systemName });
    expect(keys['CreationClassName']).toBe(path.className);
    expect(keys['Name']).toMatch(/^TVDC:/);
  }
  await world.close();
});

test('keys that the client gave stand as they are', async () => {
  const world = await createInteropWorld();
  const given = { SystemName: 'their.name', Name: 'pywbemfilter:owned:1', ...filterValues };
  const path = await world.create('CIM_IndicationFilter', given);
  const wanted = createInstancePath('CIM_IndicationFilter', {
    SystemCreationClassName: 'CIM_ComputerSystem',
    SystemName: 'their.name',
    CreationClassName: 'CIM_IndicationFilter',
    Name: 'pywbemfilter:owned:1',
  });
  expect(path.keys).toEqual(wanted.keys);
  expect(await statusOf(world.create('CIM_IndicationFilter', given))).toBe(11);
  expect(await statusOf(world.create('CIM_IndicationFilter', { ...given, CreationClassName: 'CIM_Other' }))).toBe(4);
  await world.close();
});

test('an alert reaches the listener with filter name, series and number, from 0 on', async () => {
  const listeners = new Listeners();
  const world = await createInteropWorld({ subscriptions: { deliver: listeners.deliver } });
  await subscribe(world, { Name: 'alerts' });
  world.alert(7);
  world.alert(8);
  const received = await listeners.take(2);
  expect(received.map((one) => one.url)).toEqual([url, url]);
  const [first, second] = received.map(({ indication }) => indication);
  expect(first?.className).toBe('TST_Alert');
  expect(first?.getString('IndicationFilterName')).toBe('alerts');
  expect(first?.getString('IndicationIdentifier')).toMatch(/^TVDC:/);
  expect(first?.get('IndicationTime')).toMatchObject({ text: '20231114221320.000000+000' });
  expect([first?.get('SequenceNumber'), second?.get('SequenceNumber')]).toEqual([0n, 1n]);
  expect(first?.getString('SequenceContext')).toBe(second?.getString('SequenceContext'));
  expect([first?.getNumber('Number'), second?.getNumber('Number')]).toEqual([7, 8]);
  await world.close();
});

test('a query cuts the indication to what it selects, and only what meets its condition goes out', async () => {
  const listeners = new Listeners();
  const world = await createInteropWorld({ subscriptions: { deliver: listeners.deliver } });
  await subscribe(world, { Query: 'SELECT Number FROM TST_Alert WHERE Number > 5', QueryLanguage: 'DMTF:CQL' });
  for (const number of [1, 9, 3, 12]) world.alert(number);
  const received = await listeners.take(2);
  expect(listeners.numbers()).toEqual([9, 12]);
  expect(received[0]?.indication.has('AlertType')).toBe(false);
  expect(received[0]?.indication.get('SequenceNumber')).toBe(0n);
  await world.close();
});

test('changes of stored instances reach subscribers of life-cycle indications, with both states', async () => {
  const listeners = new Listeners();
  const world = await createInteropWorld({ subscriptions: { deliver: listeners.deliver } });
  const query =
    'SELECT * FROM CIM_InstModification WHERE SourceInstance ISA TST_Note AND SourceInstance.TST_Note::Stars <> PreviousInstance.TST_Note::Stars';
  await subscribe(world, { Query: query, QueryLanguage: 'DMTF:CQL' });
  const note = (values: Readonly<Record<string, CimValue>>) =>
    world.make('TST_Note', { InstanceID: 'n', ...values }, 'root/events');
  const namespace = 'root/events';
  await world.run({ kind: 'CreateInstance', namespace, newInstance: note({ Stars: 1 }) });
  for (const values of [{ Caption: 'no star more' }, { Stars: 2 }]) {
    await world.run({
      kind: 'ModifyInstance',
      namespace,
      modifiedInstance: note(values),
      propertyList: Object.keys(values),
    });
  }
  const [received] = await listeners.take(1);
  expect(received?.indication.className).toBe('CIM_InstModification');
  expect(received?.indication.get('SourceInstance')).toMatchObject({ className: 'TST_Note' });
  expect(listeners.received).toHaveLength(1);
  await world.close();
});

test('without SourceNamespaces indications of every namespace count, with them those of the others do not', async () => {
  const listeners = new Listeners();
  const world = await createInteropWorld({ subscriptions: { deliver: listeners.deliver } });
  await subscribe(world, { Name: 'anywhere', SourceNamespaces: null });
  await subscribe(world, { Name: 'elsewhere', SourceNamespaces: ['interop'] });
  world.alert(1);
  await listeners.take(1);
  expect(world.subscriptions.wants('root/events', 'TST_Alert')).toBe(true);
  expect(world.subscriptions.wants('root/events', 'CIM_InstRead')).toBe(false);
  expect(listeners.received.map(({ indication }) => indication.getString('IndicationFilterName'))).toEqual([
    'anywhere',
  ]);
  await world.close();
});

test('a disabled subscription is silent, the same one enabled again goes on with its numbers', async () => {
  const listeners = new Listeners();
  const world = await createInteropWorld({ subscriptions: { deliver: listeners.deliver } });
  const { subscription } = await subscribe(world);
  const setState = (state: string) =>
    world.run({
      kind: 'SetProperty',
      namespace: interop,
      instanceName: subscription,
      propertyName: 'SubscriptionState',
      newValue: state,
    });
  world.alert(1);
  await listeners.take(1);
  world.clock.advance(1000);
  await setState('4');
  world.alert(2);
  await setState('2');
  world.alert(3);
  const received = await listeners.take(2);
  expect(listeners.numbers()).toEqual([1, 3]);
  expect(received[1]?.indication.get('SequenceNumber')).toBe(1n);
  const { instance } = await world.run(getInstance(subscription, { namespace: interop }));
  expect(instance.get('TimeOfLastStateChange')).toMatchObject({ text: '20231114221321.000000+000' });
  expect(await statusOf(setState('7'))).toBe(4);
  await world.close();
});

test('a subscription with a duration shows what is left and is gone afterwards', async () => {
  const world = await createInteropWorld();
  const { subscription } = await subscribe(world, {}, { SubscriptionDuration: 60n });
  world.clock.advance(20_500);
  const { instance } = await world.run(getInstance(subscription, { namespace: interop }));
  expect(instance.get('SubscriptionTimeRemaining')).toBe(40n);
  world.clock.advance(40_000);
  world.alert(1);
  await world.subscriptions.close();
  expect(await statusOf(world.run(getInstance(subscription, { namespace: interop })))).toBe(6);
  await world.close();
});

test('filters are refused by language, syntax, class, kind of class and namespace', async () => {
  const world = await createInteropWorld();
  const create = (values: Readonly<Record<string, CimValue>>) =>
    statusOf(world.create('CIM_IndicationFilter', { ...filterValues, ...values }));
  expect(await create({ QueryLanguage: 'SQL' })).toBe(14);
  expect(await create({ QueryLanguage: 'DMTF:FQL', Query: 'AlertType = 8' })).toBe(14);
  expect(await create({ Query: 'SELECT * FROM' })).toBe(15);
  expect(await create({ Query: 'SELECT * FROM CIM_AlertIndication WHERE NoSuch = 1' })).toBe(15);
  expect(await create({ Query: 'SELECT * FROM TST_Missing' })).toBe(4);
  expect(await create({ Query: 'SELECT * FROM TST_Note' })).toBe(4);
  expect(await create({ Query: 'SELECT * FROM TST_Note', SourceNamespaces: null })).toBe(4);
  expect(await create({ SourceNamespaces: ['root/nowhere'] })).toBe(4);
  expect(await create({ SourceNamespaces: null, SourceNamespace: 'root/nowhere' })).toBe(4);
  expect(
    await all((await world.run(enumerateInstances('CIM_IndicationFilter', { namespace: interop }))).batches),
  ).toEqual([]);
  await world.close();
});

test('destinations are refused by form and by the allow-list', async () => {
  const asked: string[] = [];
  const allowDestination = (address: string, user: string): boolean => {
    asked.push(`${user} ${address}`);
    return new URL(address).hostname === 'listener.example';
  };
  const world = await createInteropWorld({ subscriptions: { allowDestination } });
  const create = (Destination: string) =>
    statusOf(world.create('CIM_ListenerDestinationCIMXML', { Destination }, alice));
  for (const wrong of [
    '',
    'listener',
    'ftp://listener.example',
    'http://',
    'http://u:p@listener.example',
    `${url}#x`,
  ]) {
    expect(await create(wrong)).toBe(4);
  }
  expect(asked).toEqual([]);
  expect(await create('http://elsewhere.example/')).toBe(2);
  expect(await create(url)).toBe(0);
  expect(asked).toEqual(['alice http://elsewhere.example/', `alice ${url}`]);
  await world.close();
});

test('a subscription needs both its ends, only once, and holds them', async () => {
  const world = await createInteropWorld();
  const { filter, handler, subscription } = await subscribe(world);
  const missing = { ...filter, keys: filter.keys.map((key) => (key.name === 'Name' ? { ...key, value: 'no' } : key)) };
  const create = (Filter: CimInstancePath, Handler: CimInstancePath) =>
    statusOf(world.create('CIM_IndicationSubscription', { Filter, Handler }));
  expect(await create(missing, handler)).toBe(4);
  expect(await create(filter, handler)).toBe(11);
  const remove = (instanceName: CimInstancePath) =>
    world.run({ kind: 'DeleteInstance', namespace: interop, instanceName });
  await expect(remove(filter)).rejects.toMatchObject({
    status: 1,
    description: expect.stringMatching(/in use by a subscription of alice/) as string,
  });
  expect(await statusOf(remove(handler))).toBe(1);
  await remove(subscription);
  await remove(filter);
  await remove(handler);
  expect(world.subscriptions.statistics()).toEqual([]);
  await world.close();
});

test('a filter that is changed is checked and serves as changed', async () => {
  const listeners = new Listeners();
  const world = await createInteropWorld({ subscriptions: { deliver: listeners.deliver } });
  const { filter } = await subscribe(world);
  const change = (Query: string) =>
    world.run({
      kind: 'SetProperty',
      namespace: interop,
      instanceName: filter,
      propertyName: 'Query',
      newValue: Query,
    });
  expect(await statusOf(change('SELECT * FROM'))).toBe(15);
  await change('SELECT * FROM TST_Alert WHERE Number = 2');
  world.alert(1);
  world.alert(2);
  await listeners.take(1);
  expect(listeners.numbers()).toEqual([2]);
  await world.close();
});

test('what the owner may not see does not go to the owner', async () => {
  const listeners = new Listeners();
  const asked: string[] = [];
  const world = await createInteropWorld({
    subscriptions: { deliver: listeners.deliver },
    authorizer: {
      admit: () => undefined,
      request: async () => undefined,
      visible: () => null,
      deliver(user, indication) {
        asked.push(user);
        return indication.getNumber('Number') !== 1;
      },
    },
  });
  await subscribe(world);
  world.alert(1);
  world.alert(2);
  await listeners.take(1);
  expect(listeners.numbers()).toEqual([2]);
  expect(asked).toEqual(['alice', 'alice']);
  await world.close();
});

test('who made and deleted subscriptions stands in the journal', async () => {
  const world = await createInteropWorld();
  const { subscription } = await subscribe(world);
  await world.run({ kind: 'DeleteInstance', namespace: interop, instanceName: subscription }, alice);
  const { entries } = world.journal.read({});
  expect(entries.map((entry) => `${entry.actor} ${entry.kind}`)).toEqual([
    'alice instance.created',
    'alice instance.created',
    'alice instance.created',
    'alice instance.deleted',
  ]);
  await world.close();
});
