import { type CimInstance, type CimInstancePath, createInstance, keyOf } from '../../../src/cim/model/index.js';
import { systemCaller } from '../../../src/cimom/index.js';
import { WbemClient } from '../../../src/client/wbem/index.js';
import { createInteropWorld, interop, type InteropWorld, systemName } from '../support/interop-world.js';
import { statusOf } from '../support/outcome.js';

let world: InteropWorld;
let client: WbemClient;

beforeEach(async () => {
  world = await createInteropWorld();
  client = new WbemClient(world.manager.transport(systemCaller));
});
afterEach(() => world.close());

const namespace = interop;

async function only(className: string): Promise<CimInstance & { readonly path: CimInstancePath }> {
  const [one, ...more] = await client.enumerateInstances(className, { namespace });
  expect(more).toEqual([]);
  if (one === undefined || one.path === null) throw new Error(`no ${className}`);
  return one as CimInstance & { readonly path: CimInstancePath };
}

async function joined(path: CimInstancePath, assocClass: string): Promise<CimInstancePath[]> {
  return (await client.associatorNames(path, { namespace, assocClass })) as CimInstancePath[];
}

test('there is one WBEM server beside the object manager, found again by its path and hosted by the system', async () => {
  const server = await only('CIM_WBEMServer');
  await only('CIM_ObjectManager');
  expect(server.getString('Description')).toMatch(/version 1\.2\.3$/);
  expect((await client.getInstance(server.path)).values).toEqual(server.values);
  const [system, ...more] = await joined(server.path, 'CIM_HostedService');
  expect(more).toEqual([]);
  expect(system && keyOf(system, 'Name')).toBe(systemName);
});

test('its capabilities, its namespaces and its protocol are joined to it', async () => {
  const server = await only('CIM_WBEMServer');
  const [capabilities] = await joined(server.path, 'CIM_ElementCapabilities');
  expect((await client.getInstance(capabilities as CimInstancePath)).get('OperationsSupported')).toEqual([3, 4]);
  const affected = await joined(server.path, 'CIM_ServiceAffectsElement');
  const names = await Promise.all(affected.map(async (path) => (await client.getInstance(path)).getString('Name')));
  expect(names).toEqual([interop, 'root/events', 'root']);
  const [protocol] = await joined(server.path, 'CIM_ServiceServiceDependency');
  expect((await client.getInstance(protocol as CimInstancePath)).getNumber('Protocol')).toBe(5);
});

test('the protocol says which operations it knows, and where it answers', async () => {
  const protocol = await only('CIM_ProtocolService');
  const [path] = await joined(protocol.path, 'CIM_ElementCapabilities');
  const capabilities = await client.getInstance(path as CimInstancePath);
  expect(capabilities.className).toBe('CIM_CIMXMLCapabilities');
  expect(capabilities.get('WBEMProtocolVersionsSupported')).toEqual(['1.4.0']);
  const operations = capabilities.get('GenericOperationCapabilities') as CimInstance;
  expect(operations.get('OperationsSupported')).toHaveLength(39);
  expect(operations.get('MaximumOperationTimeout')).toBe(900);
  expect((await joined(protocol.path, 'CIM_ServiceAccessBySAP')).map(({ className }) => className)).toEqual([
    'CIM_CIMXMLCommunicationMechanism',
    'CIM_CIMXMLCommunicationMechanism',
  ]);
});

test('namespaces have the name that the client used for the interop namespace, in this model too', async () => {
  const names = async (where: string) =>
    (await client.enumerateInstances('CIM_WBEMServerNamespace', { namespace: where })).map((one) =>
      one.getString('Name'),
    );
  expect(await names('interop')).toEqual(['interop', 'root/events', 'root']);
  for (const one of await client.enumerateInstances('CIM_WBEMServerNamespace', { namespace: 'interop' })) {
    const path = { ...(one.path as CimInstancePath), namespace: 'interop' };
    expect((await client.getInstance(path)).values).toEqual(one.values);
  }
});

test('its method creates namespaces, and they are deleted by their instances when they are empty', async () => {
  const server = await only('CIM_WBEMServer');
  const cls = world.repository.space(interop)?.schema.get('CIM_WBEMServerNamespace');
  if (cls === undefined) throw new Error('no class');
  const create = (Name: string | null) =>
    client.invoke(server.path, 'CreateWBEMServerNamespace', {
      NamespaceTemplate: createInstance(cls, { InstanceID: 'wanted', Name }),
    });
  const { returnValue, out } = await create('root/new');
  expect(returnValue).toBe(0);
  expect(world.repository.namespaces()).toContain('root/new');
  const made = out['Namespace'] as CimInstancePath;
  expect((await client.getInstance(made)).getString('Name')).toBe('root/new');
  expect(await statusOf(create('root/new'))).toBe(11);
  expect(await statusOf(create(' '))).toBe(4);
  await create('root/new/below');
  expect(await statusOf(client.deleteInstance(made))).toBe(20);
  await client.deleteInstance({
    ...made,
    keys: [{ name: 'InstanceID', type: 'string', value: 'TVDC:root/new/below' }],
  });
  await client.deleteInstance(made);
  expect(world.repository.namespaces()).not.toContain('root/new');
  expect(await statusOf(client.deleteInstance(made))).toBe(6);
  const full = { ...made, keys: [{ name: 'InstanceID', type: 'string', value: 'TVDC:root/events' } as const] };
  expect(await statusOf(client.deleteInstance(full))).toBe(20);
});
