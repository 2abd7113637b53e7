import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInstance, instanceIdentity, WbemServerView } from '../../../src/client/index.js';
import { createTestServer } from '../../../src/host/testing/index.js';
import { run } from '../../cli/run.js';
import { connectTo, endAll, fan, intrinsic, key, listed, named, serverThat } from './answers.js';

// What users of other clients and servers suffered from, each as its own server shows it.
afterEach(endAll);

/** The WBEM Server profile alone: neither CIM_ObjectManager nor CIM_Namespace. */
const profileOnly = `
  #pragma namespace ("interop")
  class CIM_WBEMServer {
    [Key] string Name;
    string ElementName;
    string Description;
    uint32 CreateWBEMServerNamespace([IN, EmbeddedInstance ("CIM_WBEMServerNamespace")] string NamespaceTemplate);
  };
  class CIM_WBEMServerNamespace { [Key] string InstanceID; string Name; };
  instance of CIM_WBEMServerNamespace { InstanceID = "acme:1"; Name = "root/acme"; };
`;

describe('a server with the WBEM Server profile only', () => {
  test('is described, its namespaces are listed, created and deleted', async () => {
    const asked: unknown[] = [];
    await using server = await createTestServer({
      mof: profileOnly,
      namespaces: ['interop', 'root/acme'],
      providers: [
        {
          className: 'CIM_WBEMServer',
          namespaces: ['interop'],
          async *enumerate({ classes }) {
            const Description = 'ACME WBEM server, version 7.2';
            yield [
              createInstance(classes.get('CIM_WBEMServer'), { Name: 's', ElementName: 'ACME Arrays', Description }),
            ];
          },
          methods: {
            CreateWBEMServerNamespace: async (_context, _path, { NamespaceTemplate }) => {
              asked.push((NamespaceTemplate as { getString(name: string): string | null }).getString('Name'));
              return { returnValue: 0, out: {} };
            },
          },
        },
      ],
    });
    const view = new WbemServerView(server.client);
    expect(await view.brand()).toMatchObject({ brand: 'ACME Arrays', version: '7.2' });
    expect(await view.namespaces()).toEqual(['interop', 'root/acme']);
    await view.createNamespace('root/more');
    expect(asked).toEqual(['root/more']);
    await view.deleteNamespace('root/acme');
    expect(await server.client.enumerateInstanceNames('CIM_WBEMServerNamespace', { namespace: 'interop' })).toEqual([]);
  });

  test('neither the one nor the other is an error of its own', async () => {
    await using server = await createTestServer({ namespaces: ['interop'] });
    await expect(new WbemServerView(server.client).brand()).rejects.toMatchObject({ code: 'no_object_manager' });
  });
});

describe('the interop namespace', () => {
  const namespaceOf = (name: string): string =>
    `<VALUE.NAMEDINSTANCE><INSTANCENAME CLASSNAME="CIM_Namespace"><KEYBINDING NAME="Name"><KEYVALUE VALUETYPE="string" TYPE="string">${name}</KEYVALUE></KEYBINDING></INSTANCENAME><INSTANCE CLASSNAME="CIM_Namespace"><PROPERTY NAME="Name" TYPE="string"><VALUE>${name}</VALUE></PROPERTY></INSTANCE></VALUE.NAMEDINSTANCE>`;

  test.each([
    ['absent from the list of namespaces', ['root/cimv2'], ['interop', 'root/cimv2']],
    ['spelt otherwise in it', ['/INTEROP', 'root/cimv2'], ['INTEROP', 'root/cimv2']],
    ['spelt with slashes around it', ['//interop/', 'root/cimv2/'], ['interop', 'root/cimv2']],
  ])('%s is asked for as it was found, and listed once', async (_what, names, expected) => {
    const { url, bodies } = await serverThat((operation) => ({
      body: operation.startsWith('EnumerateInstances')
        ? listed(names.map(namespaceOf).join(''))
        : intrinsic(operation, '<IRETURNVALUE></IRETURNVALUE>'),
    }));
    const view = new WbemServerView(connectTo(url).client);
    expect(await view.interopNamespace()).toBe('interop');
    expect(await view.namespaces()).toEqual(expected);
    for (const body of bodies)
      expect(body).toContain('<LOCALNAMESPACEPATH><NAMESPACE NAME="interop"/></LOCALNAMESPACEPATH>');
  });
});

describe('paths that do not agree with the properties', () => {
  const subscription = (className: string): string =>
    `<VALUE.NAMEDINSTANCE><INSTANCENAME CLASSNAME="CIM_Filter"><KEYBINDING NAME="Name"><KEYVALUE VALUETYPE="string" TYPE="string">from the path</KEYVALUE></KEYBINDING></INSTANCENAME><INSTANCE CLASSNAME="${className}"><PROPERTY NAME="Name" TYPE="string"><VALUE>from the properties</VALUE></PROPERTY></INSTANCE></VALUE.NAMEDINSTANCE>`;

  test('the path is what the server gave, and it is what further operations name', async () => {
    const { url, bodies } = await serverThat((operation) => ({
      body: operation === 'EnumerateInstances' ? listed(subscription('CIM_Filter')) : intrinsic(operation, ''),
    }));
    const { client } = connectTo(url);
    const [found] = await client.enumerateInstances('CIM_Filter');
    expect(found?.getString('Name')).toBe('from the properties');
    if (!found?.path) throw new Error('expected a path');
    await client.deleteInstance(found.path);
    expect(bodies[1]).toContain('>from the path</KEYVALUE>');
  });

  test('what CreateInstance answers counts, not what was sent', async () => {
    const { url } = await serverThat((operation) => ({
      body:
        operation === 'GetClass'
          ? intrinsic(
              operation,
              '<IRETURNVALUE><CLASS NAME="CIM_Fan"><PROPERTY NAME="Name" TYPE="string"><QUALIFIER NAME="Key" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER></PROPERTY></CLASS></IRETURNVALUE>',
            )
          : intrinsic(operation, `<IRETURNVALUE>${key()}</IRETURNVALUE>`),
    }));
    const path = await connectTo(url).client.create('CIM_Fan', { Name: 'wanted' });
    expect(path.keys).toMatchObject([{ name: 'Name', value: 'f' }]);
  });
});

test('an object is recognized after the server restarted, when it names it in other words', async () => {
  const path = (host: string, first: string, second: string, className: string): string =>
    `<VALUE.INSTANCEWITHPATH><INSTANCEPATH><NAMESPACEPATH><HOST>${host}</HOST><LOCALNAMESPACEPATH><NAMESPACE NAME="interop"/></LOCALNAMESPACEPATH></NAMESPACEPATH><INSTANCENAME CLASSNAME="${className}">${[first, second].map((name) => `<KEYBINDING NAME="${name}"><KEYVALUE VALUETYPE="string" TYPE="string">${name.toLowerCase()}</KEYVALUE></KEYBINDING>`).join('')}</INSTANCENAME></INSTANCEPATH>${fan()}</VALUE.INSTANCEWITHPATH>`;
  const answers = [
    path('old', 'Name', 'SystemName', 'CIM_Filter'),
    path('new:5988', 'SYSTEMNAME', 'name', 'cim_filter'),
  ];
  const { url } = await serverThat(() => ({
    body: intrinsic(
      'OpenEnumerateInstances',
      `<IRETURNVALUE>${answers.shift() ?? ''}</IRETURNVALUE><PARAMVALUE NAME="EnumerationContext" PARAMTYPE="string"><VALUE></VALUE></PARAMVALUE><PARAMVALUE NAME="EndOfSequence" PARAMTYPE="boolean"><VALUE>TRUE</VALUE></PARAMVALUE>`,
    ),
  }));
  const { client } = connectTo(url);
  const identities = [];
  for (let turn = 0; turn < 2; turn++) {
    const found = await client.instances('CIM_Filter', { pull: 'always' }).first();
    identities.push(found?.path ? instanceIdentity(found.path) : null);
  }
  expect(identities[0]).not.toBeNull();
  expect(identities[1]).toBe(identities[0]);
});

describe('a server that hangs on an abstract class at the root', () => {
  test('is given up at the deadline of the call, once, and other operations go on', async () => {
    const { url, asked } = await serverThat((operation) =>
      operation === 'OpenEnumerateInstancePaths' ? null : { body: listed(named()) },
    );
    const { client } = connectTo(url, false, 150);
    await expect(client.instancePaths('CIM_ManagedElement').toArray()).rejects.toMatchObject({ code: 'timeout' });
    expect(await client.enumerateInstances('CIM_Fan')).toHaveLength(1);
    expect(asked).toEqual(['OpenEnumerateInstancePaths', 'EnumerateInstances']);
  });

  test('gives what it had, before it hangs', async () => {
    const many = Array.from({ length: 400 }, () => named()).join('');
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'Content-Type': 'application/xml; charset="utf-8"' });
      const whole = listed(many).replace('@ID@', '1');
      response.write(whole.slice(0, whole.indexOf('</IRETURNVALUE>')));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const { client } = connectTo(`http://127.0.0.1:${port}`, false, 400);
      const seen: string[] = [];
      const reading = async (): Promise<void> => {
        for await (const instance of client.instances('CIM_Fan', { pull: 'never' })) seen.push(instance.className);
      };
      await expect(reading()).rejects.toMatchObject({ code: 'timeout' });
      expect(seen.length).toBeGreaterThan(0);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

test('the form of the output does not change the request', async () => {
  const { url, bodies } = await serverThat((operation) => ({
    body: operation.startsWith('Open')
      ? intrinsic(
          operation,
          `<IRETURNVALUE></IRETURNVALUE><PARAMVALUE NAME="EnumerationContext" PARAMTYPE="string"><VALUE></VALUE></PARAMVALUE><PARAMVALUE NAME="EndOfSequence" PARAMTYPE="boolean"><VALUE>TRUE</VALUE></PARAMVALUE>`,
        )
      : intrinsic(operation, '<IRETURNVALUE></IRETURNVALUE>'),
  }));
  for (const form of ['table', 'json', 'ndjson', 'mof', 'xml']) {
    for (const verb of [
      ['ei', 'CIM_Fan', '-p', 'Name'],
      ['ai', 'CIM_Fan.Name="f"'],
    ]) {
      expect(await run('wbem', ...verb, '--url', url, '-o', form)).toMatchObject({ status: 0, notes: '' });
    }
  }
  const forms = bodies.map((body) => body.replace(/MESSAGE ID="[^"]*"/, ''));
  expect(forms).toHaveLength(10);
  expect(new Set(forms).size).toBe(2);
});
