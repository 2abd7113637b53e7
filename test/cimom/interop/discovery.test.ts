import { createInstancePath, keyOf, stringKey } from '../../../src/cim/model/index.js';
import { ownProfiles, type ProfileFacts } from '../../../src/cimom/interop/index.js';
import { systemCaller } from '../../../src/cimom/index.js';
import { WbemClient, WbemServerView } from '../../../src/client/wbem/index.js';
import { createInteropWorld, interop, type InteropWorld, systemName } from '../support/interop-world.js';
import { statusOf } from '../support/outcome.js';

const isolation: ProfileFacts = {
  organization: 1,
  otherOrganization: 'TVDC',
  name: 'Isolation',
  version: '1.0.0',
  references: ['Profile Registration'],
  centralInstances: () => [createInstancePath('TST_Note', { InstanceID: 'host' }, { namespace: 'root/events' })],
};

async function connect(): Promise<{ world: InteropWorld; client: WbemClient; server: WbemServerView }> {
  const world = await createInteropWorld({ interop: { profiles: [...ownProfiles, isolation] } });
  const client = new WbemClient(world.manager.transport(systemCaller));
  return { world, client, server: new WbemServerView(client) };
}

test('the interop namespace answers by both its names, and by no other', async () => {
  const { world, client } = await connect();
  const names = async (namespace: string) => {
    const paths = await client.enumerateInstanceNames('CIM_Namespace', { namespace });
    return paths.map((path) => keyOf(path, 'Name'));
  };
  expect(await names('interop')).toEqual(['interop', 'root/events', 'root']);
  expect(await names('root/interop')).toEqual(['root/interop', 'root/events', 'root']);
  expect(await statusOf(names('root/PG_InterOp'))).toBe(3);
  for (const namespace of ['interop', 'root/interop']) {
    for (const instance of await client.enumerateInstances('CIM_Namespace', { namespace })) {
      const again = await client.getInstance(instance.path as NonNullable<typeof instance.path>);
      expect(again.getString('Name')).toBe(instance.getString('Name'));
      expect(again.getNumber('ClassType')).toBe(2);
    }
  }
  await world.close();
});

test('there is exactly one object manager, with brand and version, and it is found again by its path', async () => {
  const { world, client, server } = await connect();
  const { brand, version, objectManager } = await server.brand();
  expect([brand, version]).toEqual(['tvdc', '1.2.3']);
  expect(objectManager.getString('SystemName')).toBe(systemName);
  const again = await client.getInstance(objectManager.path as NonNullable<typeof objectManager.path>);
  expect(again.values).toEqual(objectManager.values);
  await world.close();
});

test('profiles have their organization, version and central instances, also across namespaces', async () => {
  const { world, client, server } = await connect();
  await client.create('TST_Note', { InstanceID: 'host' }, { namespace: 'root/events' });
  const profiles = await server.profiles();
  expect(profiles.map(({ organization, name, version }) => `${organization} ${name} ${version}`)).toEqual([
    'DMTF Profile Registration 1.0.0',
    'DMTF Indications 1.2.0',
    'TVDC Isolation 1.0.0',
  ]);
  const [, indications, own] = profiles.map(({ instance }) => instance.path as NonNullable<typeof instance.path>);
  if (indications === undefined || own === undefined) throw new Error('profiles are missing');
  const namespace = interop;
  const { out } = await client.invoke(own, 'GetCentralInstances', {}, { namespace });
  expect(out['CentralInstances']).toMatchObject([{ namespace: 'root/events', className: 'TST_Note' }]);
  const conforming = await client.associatorNames(own, {
    namespace,
    assocClass: 'CIM_ElementConformsToProfile',
    resultRole: 'ManagedElement',
  });
  expect(conforming).toMatchObject([{ namespace: 'root/events', className: 'TST_Note' }]);
  expect(await server.centralInstances(indications)).toMatchObject([{ className: 'CIM_IndicationService' }]);
  const scoping = await client.associatorNames(indications, {
    namespace,
    assocClass: 'CIM_ReferencedProfile',
    role: 'Dependent',
    resultRole: 'Antecedent',
  });
  expect(scoping.map((path) => keyOf(path as typeof own, 'InstanceID'))).toEqual([
    'TVDC:DMTF:Profile Registration:1.0.0',
  ]);
  await world.close();
});

test('the object manager is reached from its system, its mechanisms and its namespaces', async () => {
  const { world, client, server } = await connect();
  const { objectManager } = await server.brand();
  const manager = objectManager.path as NonNullable<typeof objectManager.path>;
  const names = async (assocClass: string) =>
    (await client.associatorNames(manager, { namespace: interop, assocClass })).map((path) => path.className);
  expect(await names('CIM_HostedService')).toEqual(['CIM_ComputerSystem']);
  expect(await names('CIM_CommMechanismForManager')).toEqual([
    'CIM_CIMXMLCommunicationMechanism',
    'CIM_CIMXMLCommunicationMechanism',
  ]);
  expect(await names('CIM_NamespaceInManager')).toEqual(['CIM_Namespace', 'CIM_Namespace', 'CIM_Namespace']);
  expect(await names('CIM_ElementCapabilities')).toEqual(['CIM_QueryCapabilities']);
  const [mechanism] = await client.enumerateInstances('CIM_ObjectManagerCommunicationMechanism', {
    namespace: interop,
  });
  const profiles = mechanism?.get('FunctionalProfilesSupported') as readonly number[];
  expect(profiles).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(mechanism?.get('FunctionalProfileDescriptions')).toHaveLength(profiles.length);
  await world.close();
});

test('the classes of indications can be enumerated before anybody subscribed', async () => {
  const { world, client } = await connect();
  const namespace = interop;
  for (const className of ['CIM_ListenerDestination', 'CIM_IndicationFilter', 'CIM_IndicationSubscription']) {
    expect(await client.enumerateInstances(className, { namespace })).toEqual([]);
  }
  const [service] = await client.enumerateInstances('CIM_IndicationService', { namespace });
  expect(service?.get('FilterCreationEnabled')).toBe(true);
  expect(service?.getNumber('DeliveryRetryAttempts')).toBe(3);
  const [capabilities] = await client.enumerateInstances('CIM_IndicationServiceCapabilities', { namespace });
  expect(capabilities?.get('SubscriptionsPersisted')).toBe(true);
  await world.close();
});

test('what the indication service lets change is kept', async () => {
  const { world, client } = await connect();
  const [service] = await client.enumerateInstances('CIM_IndicationService', { namespace: interop });
  const path = service?.path as NonNullable<NonNullable<typeof service>['path']>;
  await client.modify(path, { DeliveryRetryAttempts: 5, FilterCreationEnabled: false });
  const after = await client.getInstance(path);
  expect([after.getNumber('DeliveryRetryAttempts'), after.get('FilterCreationEnabled')]).toEqual([5, false]);
  expect(await statusOf(client.modify(path, { SubscriptionRemovalAction: 9 }))).toBe(4);
  const filter = { Query: 'SELECT * FROM CIM_AlertIndication', QueryLanguage: 'WQL' };
  expect(await statusOf(client.create('CIM_IndicationFilter', filter, { namespace: interop }))).toBe(7);
  await world.close();
  const again = await createInteropWorld({ store: world.store });
  expect(again.subscriptions.service.settings().deliveryRetryAttempts).toBe(5);
  await again.close();
});

test('the service affects each filter and destination', async () => {
  const { world, client } = await connect();
  const namespace = interop;
  const filter = await client.create(
    'CIM_IndicationFilter',
    { Query: 'SELECT * FROM CIM_AlertIndication', QueryLanguage: 'WQL' },
    { namespace },
  );
  const services = await client.associatorNames(filter, { namespace, assocClass: 'CIM_ServiceAffectsElement' });
  expect(services).toMatchObject([{ className: 'CIM_IndicationService' }]);
  await world.close();
});

test('namespaces are created by all keys or by the name alone, and deleted when they are empty', async () => {
  const { world, client, server } = await connect();
  await server.createNamespace('root/mine');
  await client.create('CIM_Namespace', { Name: 'root/plain' }, { namespace: 'interop' });
  expect(await server.namespaces()).toEqual(['interop', 'root/events', 'root', 'root/mine', 'root/plain']);
  expect(await statusOf(client.create('CIM_Namespace', { Name: 'ROOT/Mine' }, { namespace: interop }))).toBe(11);
  for (const Name of ['a:b', 'root/a%2Fb', 'root/a b', 'root//a', 'root/a.b', 'root/<a>']) {
    expect(await statusOf(client.create('CIM_Namespace', { Name }, { namespace: interop }))).toBe(4);
  }
  await server.deleteNamespace('root/mine');
  const [events] = (await client.enumerateInstanceNames('CIM_Namespace', { namespace: interop })).filter(
    (path) => stringKey(path, 'Name') === 'root/events',
  );
  expect(await statusOf(client.deleteInstance(events as NonNullable<typeof events>))).toBe(20);
  expect(await server.namespaces()).toEqual(['interop', 'root/events', 'root', 'root/plain']);
  expect(world.journal.read({}).entries.map((entry) => entry.kind)).toEqual([
    'namespace.created',
    'namespace.created',
    'namespace.deleted',
  ]);
  await world.close();
});

test('__Namespace shows the names below, relative, and creates and deletes them', async () => {
  const { world, client } = await connect();
  const names = async (namespace: string) =>
    (await client.enumerateInstances('__Namespace', { namespace })).map((child) => child.getString('Name'));
  expect(await names('root')).toEqual(['interop', 'events']);
  expect(await names('root/interop')).toEqual([]);
  const made = await client.create('__Namespace', { Name: 'a/b' }, { namespace: 'root' });
  expect(await names('root')).toEqual(['interop', 'events', 'a/b']);
  expect(world.repository.hasNamespace('root/a/b')).toBe(true);
  await client.deleteInstance(made, { namespace: 'root' });
  expect(await names('root')).toEqual(['interop', 'events']);
  await world.close();
});

test('classes are listed by namespace, and enumerations can be pulled', async () => {
  const { world, client } = await connect();
  expect(await client.enumerateClassNames({ namespace: interop })).toContain('CIM_ManagedElement');
  const pulled = await client.openEnumerateInstances('CIM_RegisteredProfile', {
    namespace: interop,
    maxObjectCount: 10,
  });
  expect(pulled.instances).toHaveLength(3);
  await world.close();
});
