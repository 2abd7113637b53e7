import { createIndicationListener, type ReceivedIndication } from '../../../src/client/index.js';
import { createTestServer } from '../../../src/host/testing/index.js';

const namespace = 'root/interop';

test('a test server delivers indications to a listener, as subscribed', async () => {
  let arrived: (indication: ReceivedIndication) => void = () => undefined;
  const first = new Promise<ReceivedIndication>((resolve) => {
    arrived = resolve;
  });
  const listener = await createIndicationListener({ onIndication: (indication) => arrived(indication) });
  const server = await createTestServer({
    interop: true,
    mof: '#pragma include ("cim.mof")\nclass ACME_Disk { [Key] string Name; };',
  });
  try {
    const { client } = server;
    const Filter = await client.create(
      'CIM_IndicationFilter',
      {
        Name: 'disks',
        SourceNamespaces: ['root/cimv2'],
        Query: 'SELECT * FROM CIM_InstCreation WHERE SourceInstance ISA ACME_Disk',
        QueryLanguage: 'DMTF:CQL',
      },
      { namespace },
    );
    const Handler = await client.create(
      'CIM_ListenerDestinationCIMXML',
      { Name: 'here', Destination: listener.url },
      { namespace },
    );
    await client.create('CIM_IndicationSubscription', { Filter, Handler }, { namespace });
    await client.create('ACME_Disk', { Name: 'a' });
    const { indication } = await first;
    expect(indication.className).toBe('CIM_InstCreation');
    expect(indication.get('SourceInstance')).toMatchObject({ className: 'ACME_Disk' });
  } finally {
    await server.close();
    await listener.close();
  }
});
