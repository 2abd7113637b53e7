// What docs/client.md prints, run by guide.test.ts. The lines between two marks are those of the guide.
import { readFileSync, writeFileSync } from 'node:fs';
import {
  CimDateTime,
  CimError,
  createHttpTransport,
  createIndicationListener,
  createInstance,
  createInstancePath,
  createReplayTransport,
  differences,
  formatDifference,
  type Har,
  HarRecorder,
  TransportError,
  typed,
  typedClient,
  WbemClient,
  WbemServerView,
} from '../../../src/client/index.js';
import { createTestServer } from '../../../src/host/testing/index.js';
import { type ACME_Disk, ACME_Element_State, type CimClasses, type CimMethods } from '../wbem/acme-types.js';

/** What the guide's readers have: a server, an account, the certificate that signed it. */
export interface Reader {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly ca: string;
  readonly file: string;
  readonly show: (...values: readonly unknown[]) => void;
}

export async function connect({ url, user, password, ca, show }: Reader): Promise<WbemClient> {
  // --- connect
  const transport = createHttpTransport({ url, user, password, tls: { ca }, timeout: 10_000 });
  const client = new WbemClient(transport, { namespace: 'root/cimv2' });

  const view = new WbemServerView(client);
  show(await view.brand(), await view.namespaces());
  // ---
  return client;
}

export async function read(client: WbemClient, { show }: Reader): Promise<void> {
  // --- read
  const disk = await client.getInstance('ACME_Disk.Name="d1"', { propertyList: ['Name', 'Size'] });
  show(disk.getString('Name'), disk.get('size'), disk.path?.namespace);

  const path = createInstancePath('ACME_Disk', { Name: 'd1' }, { namespace: 'root/cimv2' });
  const same = await client.getInstance(path, { propertyList: ['Name', 'Size'] });
  show(differences(disk, same).map(formatDifference));
  // ---
}

export async function enumerate(client: WbemClient, { show }: Reader): Promise<void> {
  // --- enumerate
  let total = 0n;
  for await (const disk of client.instances('ACME_Disk', { propertyList: ['Size'] })) {
    total += (disk.get('Size') as bigint | null) ?? 0n;
  }
  show(total);

  const paths = await client.instancePaths('ACME_Disk').toArray();
  const first = await client.instances('ACME_Disk').first();
  show(paths.length, first?.getString('Name'));
  // ---
}

export async function stopEarly(client: WbemClient, { show }: Reader): Promise<void> {
  // --- stop
  for await (const disk of client.instances('ACME_Disk', { maxObjectCount: 100 })) {
    if (disk.getString('Name') !== 'd3') continue;
    show('found');
    break; // closes the enumeration on the server
  }

  for await (const batch of client.instances('ACME_Disk').batches()) show(batch.length);
  // ---
}

export async function related(client: WbemClient, { show }: Reader): Promise<void> {
  // --- related
  const shelf = 'ACME_Shelf.Name="top"';
  for await (const disk of client.associators(shelf, { assocClass: 'ACME_DiskOnShelf' })) show(disk.className);
  for await (const found of client.query('DMTF:CQL', 'SELECT * FROM ACME_Disk WHERE Size > 20'))
    show(found.get('Size'));
  for await (const large of client.instances('ACME_Disk', {
    filterQueryLanguage: 'DMTF:FQL',
    filterQuery: 'Size > 20',
  })) {
    show(large.path?.keys);
  }
  // ---
}

export async function write(client: WbemClient, { show }: Reader): Promise<void> {
  // --- write
  const path = await client.create('ACME_Disk', {
    Name: 'new',
    Size: 7, // uint64: number, bigint or digits
    Tags: ['fast', 'small'],
    Since: CimDateTime.fromUnix(Date.UTC(2024, 0, 31)),
  });
  await client.modify(path, { Size: 8n, Tags: null });
  show((await client.getInstance(path)).get('Size'));
  await client.deleteInstance(path);
  // ---
}

export async function own(client: WbemClient, { show }: Reader): Promise<void> {
  // --- own
  const cls = await client.classOf('ACME_Disk');
  const disk = createInstance(cls, { Name: 'made', Size: 9n }).with({ Size: 10n });
  show(
    disk.path?.keys,
    disk.properties().map(({ name, type, value }) => [name, type, value]),
  );
  // ---
}

export async function invoke(client: WbemClient, { show }: Reader): Promise<void> {
  // --- invoke
  const { returnValue, out } = await client.invoke('ACME_Disk.Name="d1"', 'Resize', { Size: 64 });
  if (returnValue === 0) show('it had', out['Before']);

  // Without reading the class: the types come along.
  await client.invoke('ACME_Disk.Name="d1"', 'Resize', { Size: typed('uint64', 1n) });
  // ---
}

export async function types(client: WbemClient, { show }: Reader): Promise<void> {
  // --- types
  const acme = typedClient<CimClasses, CimMethods>(client);
  for await (const { path, values } of acme.instances('ACME_Disk')) {
    const size: ACME_Disk['Size'] = values.Size;
    if (values.State === ACME_Element_State.Enabled && size !== null && size < 2n) {
      const { returnValue, Before } = await acme.invoke('ACME_Disk', path, 'Resize', { Size: 2n });
      show(returnValue, Before);
    }
  }
  // ---
}

export async function batch({ url, user, password, ca, show }: Reader): Promise<void> {
  // --- batch
  const transport = createHttpTransport({ url, user, password, tls: { ca } });
  const outcomes = await transport.callBatch(
    ['d1', 'none'].map((Name) => ({
      kind: 'GetInstance',
      namespace: 'root/cimv2',
      instanceName: createInstancePath('ACME_Disk', { Name }),
      includeClassOrigin: false,
      propertyList: null,
    })),
  );
  for (const outcome of outcomes) show(outcome.kind === 'error' ? outcome.error.status : outcome.result.kind);
  await transport.close();
  // ---
}

export async function errors(client: WbemClient, { show }: Reader): Promise<void> {
  // --- errors
  try {
    await client.getInstance('ACME_Disk.Name="none"');
  } catch (error) {
    if (error instanceof CimError) show(error.status, error.description, error.instances);
    else if (error instanceof TransportError) show(error.code, error.status, error.message);
    else throw error;
  }
  // ---
}

export async function cancel(client: WbemClient, { show }: Reader): Promise<void> {
  // --- cancel
  const controller = new AbortController();
  const reading = client.instances('ACME_Disk', { signal: controller.signal }).toArray();
  controller.abort();
  await reading.catch((error: unknown) => show(error instanceof TransportError && error.code));
  // ---
}

export async function inspect({ url, user, password, ca, show }: Reader): Promise<void> {
  // --- inspect
  const transport = createHttpTransport({ url, user, password, tls: { ca }, keepText: 10_000 });
  await new WbemClient(transport).enumerateClassNames();
  show(transport.lastExchange?.request.text, transport.lastExchange?.answer?.text);
  show(transport.statistics()['EnumerateClassNames'], transport.tolerated);
  await transport.close();
  // ---
}

export async function record({ url, user, password, ca, file, show }: Reader): Promise<void> {
  // --- record
  const recorder = new HarRecorder();
  const transport = createHttpTransport({ url, user, password, tls: { ca }, recorder });
  await new WbemClient(transport).getClass('ACME_Disk');
  writeFileSync(file, JSON.stringify(recorder.toHar()));
  await transport.close();

  const replay = createReplayTransport(JSON.parse(readFileSync(file, 'utf8')) as Har);
  show((await new WbemClient(replay).getClass('ACME_Disk')).name, replay.unused);
  // ---
}

export async function test({ show }: Reader): Promise<void> {
  // --- test
  await using server = await createTestServer({
    mof: 'class ACME_Fan { [Key] string Name; uint32 Speed; uint32 Stop(); };',
    instances: [{ class: 'ACME_Fan', properties: { Name: 'f1', Speed: 1200 } }],
  });
  const fans = await server.client.instances('ACME_Fan').toArray();
  show(server.url, fans.length);
  // ---
}

export async function provide({ show }: Reader): Promise<void> {
  // --- provide
  let running = true;
  await using server = await createTestServer({
    mof: 'class ACME_Fan { [Key] string Name; uint32 Stop(); };',
    listen: 'process', // no port at all
    providers: [
      {
        className: 'ACME_Fan',
        namespaces: ['root/cimv2'],
        methods: {
          Stop: async () => {
            running = false;
            return { returnValue: 0 };
          },
        },
      },
    ],
  });
  await server.client.invoke('ACME_Fan.Name="f1"', 'Stop');
  show(running);
  // ---
}

export async function listen({ show }: Reader): Promise<void> {
  // --- listen
  const listener = await createIndicationListener({
    onIndication: ({ indication, sequence }) => show(indication.className, sequence.kind),
  });
  await using server = await createTestServer({ interop: true, mof: '#pragma include ("cim.mof")' });
  const inInterop = { namespace: 'root/interop' };
  const Filter = await server.client.create(
    'CIM_IndicationFilter',
    {
      Name: 'namespaces',
      SourceNamespaces: ['root/interop'],
      Query: 'SELECT * FROM CIM_InstCreation WHERE SourceInstance ISA CIM_ListenerDestination',
      QueryLanguage: 'DMTF:CQL',
    },
    inInterop,
  );
  const destination = { Name: 'here', Destination: listener.url };
  const Handler = await server.client.create('CIM_ListenerDestinationCIMXML', destination, inInterop);
  await server.client.create('CIM_IndicationSubscription', { Filter, Handler }, inInterop);
  // ---
  const another = { Name: 'another', Destination: listener.url };
  await server.client.create('CIM_ListenerDestinationCIMXML', another, inInterop);
  while (listener.statistics.delivered === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await listener.close();
}
