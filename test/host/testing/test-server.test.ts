import { existsSync } from 'node:fs';
import type { MethodFunction } from '../../../src/cimom/index.js';
import { createInstance, CimError, findByName } from '../../../src/cim/index.js';
import { createHttpTransport, WbemClient } from '../../../src/client/index.js';
import { createTestServer, type TestServer, type TestServerListen } from '../../../src/host/testing/index.js';
import { errorLike } from '../../support/errors.js';

const mof = `
  class ACME_Disk {
    [Key] string Name;
    uint64 Size;
    [ValueMap {"2", "3"}, Values {"Enabled", "Disabled"}] uint16 State = 2;
  };
  class ACME_Shelf {
    [Key] string Name;
    [Static] uint32 Count([IN] string Prefix, [IN(false), OUT] string Text);
  };
  [Association] class ACME_DiskOnShelf {
    [Key] ACME_Shelf REF Shelf;
    [Key] ACME_Disk REF Disk;
  };
  instance of ACME_Shelf { Name = "top"; };
`;

async function withServer(
  options: Parameters<typeof createTestServer>[0],
  use: (server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await createTestServer(options);
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

describe('a test server', () => {
  for (const listen of ['tcp', 'process'] satisfies TestServerListen[]) {
    test(`lacks what it is told to lack, over ${listen}: no classes, and no pulls as with sfcb`, () =>
      withServer(
        {
          mof,
          listen,
          refuses: {
            GetClass: new CimError(7, 'no classes here'),
            OpenEnumerateInstances: new CimError(1, 'invalid imethodcall XML'),
          },
        },
        async ({ client }) => {
          await expect(client.getClass('ACME_Disk')).rejects.toMatchObject({
            status: 7,
            description: 'no classes here',
          });
          expect(await client.instances('ACME_Shelf').toArray()).toHaveLength(1);
          await expect(client.instances('ACME_Shelf', { pull: 'always' }).toArray()).rejects.toMatchObject({
            status: 1,
          });
        },
      ));
  }

  for (const listen of ['tcp', 'socket', 'process'] satisfies TestServerListen[]) {
    test(`answers over ${listen} from MOF and from instances given as values`, () =>
      withServer(
        { mof, listen, instances: [{ class: 'ACME_Disk', properties: { Name: 'a', Size: 5n } }] },
        async ({ client, url }) => {
          const [disk] = await client.instances('ACME_Disk').toArray();
          expect(disk?.get('Size')).toBe(5n);
          expect(disk?.getNumber('State')).toBe(2);
          expect((await client.instancePaths('ACME_Shelf').toArray()).length).toBe(1);
          expect(url.replace(/[0-9]+$|\/.*$/, '')).toBe({ tcp: 'http:', socket: 'unix:', process: '' }[listen]);
        },
      ));
  }

  test('checks what is written as the product does', () =>
    withServer({ mof }, async ({ client }) => {
      await client.create('ACME_Disk', { Name: 'a', Size: 1n });
      await expect(client.create('ACME_Disk', { Name: 'a', Size: 1n })).rejects.toThrow(errorLike({ status: 11 }));
      await expect(client.getClass('ACME_Nothing')).rejects.toThrow(errorLike({ status: 6 }));
    }));

  test('traverses associations and pulls', () =>
    withServer({ mof, listen: 'process' }, async ({ client }) => {
      const shelf = await client.instancePaths('ACME_Shelf').first();
      for (let at = 0; at < 30; at++) {
        const disk = await client.create('ACME_Disk', { Name: `d${at}`, Size: BigInt(at) });
        await client.create('ACME_DiskOnShelf', { Shelf: shelf ?? null, Disk: disk });
      }
      const found = await client.associators(shelf ?? 'ACME_Shelf', { maxObjectCount: 7, pull: 'always' }).toArray();
      expect(found.length).toBe(30);
    }));

  test('serves providers and their methods', async () => {
    const count: MethodFunction = async (_context, _self, { Prefix }) => ({
      returnValue: 3,
      out: { Text: `${Prefix as string} three` },
    });
    const provider = {
      className: 'ACME_Shelf',
      namespaces: ['root/cimv2'],
      methods: { Count: count },
    };
    await withServer({ mof, providers: [provider] }, async ({ client }) => {
      const answer = await client.invoke('ACME_Shelf', 'Count', { Prefix: 'it is' });
      expect(answer.returnValue).toBe(3);
      expect(answer.out['Text']).toBe('it is three');
    });
  });

  test('takes instances of the model, in their own namespace', () =>
    withServer({ mof, listen: 'process' }, async ({ client, repository }) => {
      const cls = repository.space('root/cimv2')?.schema.get('ACME_Disk');
      if (cls === undefined) throw new Error('the class is missing');
      const second = await createTestServer({
        mof,
        listen: 'process',
        namespaces: ['root/other'],
        instances: [createInstance(cls, { Name: 'b' })],
      });
      expect(second.objectManager.namespaces()).toEqual(['root/interop', 'root/cimv2', 'root/other']);
      expect((await second.client.instances('ACME_Disk').first())?.getString('Name')).toBe('b');
      expect(await client.instances('ACME_Disk').first()).toBeUndefined();
      await second.close();
    }));

  test('has the classes of the product for a text that includes them', () =>
    withServer(
      { mof: '#pragma include ("cim/core.mof")\nclass ACME_System : CIM_ComputerSystem { string Colour; };' },
      async ({ client }) => {
        const cls = await client.classOf('ACME_System');
        expect(findByName(cls.properties, 'CreationClassName')?.name).toBe('CreationClassName');
      },
    ));

  test('has all namespaces of the product when asked for them', () =>
    withServer({ schema: 'shipped', listen: 'process' }, async ({ client, objectManager }) => {
      expect(objectManager.namespaces()).toContain('root/tvdc');
      expect((await client.getClass('TVDC_SecurityPolicy', { namespace: 'root/tvdc' })).name).toBe(
        'TVDC_SecurityPolicy',
      );
    }));

  test('lets in only who shows the credentials', () =>
    withServer({ mof, credentials: { user: 'operator', password: 'right' } }, async ({ client, url }) => {
      expect((await client.instances('ACME_Shelf').toArray()).length).toBe(1);
      const transport = createHttpTransport({ url, user: 'operator', password: 'wrong' });
      const stranger = new WbemClient(transport);
      await expect(stranger.enumerateInstances('ACME_Shelf')).rejects.toThrow(errorLike({ code: 'unauthorized' }));
      await transport.close();
    }));

  test('names the place of an error in the MOF and leaves nothing behind', async () => {
    await expect(createTestServer({ mof: 'class ACME_Disk { [Key] string Name };' })).rejects.toThrow(
      /mof: .*line 1, column 37/,
    );
  });

  test('says which class an instance lacks', async () => {
    await expect(createTestServer({ instances: [{ class: 'ACME_Disk', properties: {} }] })).rejects.toThrow(
      errorLike({ code: 'unknown_class' }),
    );
  });

  test('removes its socket and answers nothing after its end', async () => {
    const server = await createTestServer({ mof, listen: 'socket' });
    const path = server.url.replace('unix:', '');
    expect(existsSync(path)).toBe(true);
    await server.close();
    await server.close();
    expect(existsSync(path)).toBe(false);
    await expect(
      server.objectManager.transport({ user: 'system', method: 'internal', address: null }).call({
        kind: 'EnumerateClassNames',
        namespace: 'root/cimv2',
        className: null,
        deepInheritance: false,
      }),
    ).rejects.toThrow(CimError);
  });
});
