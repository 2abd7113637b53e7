import { WbemServerView } from '../../../src/client/index.js';
import { createTestServer, type TestServer } from '../../../src/host/testing/index.js';
import { run } from '../../cli/run.js';

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer({ interop: true });
});
afterAll(() => server.close());

describe('a test server with its interop namespace', () => {
  test('can be discovered', async () => {
    const view = new WbemServerView(server.client);
    expect(await view.interopNamespace()).toMatch(/interop$/);
    expect(await view.brand()).toMatchObject({ brand: 'tvdc test server', version: '1.0.0' });
    expect(await view.namespaces()).toEqual(expect.arrayContaining(['root/cimv2']));
    expect((await view.profiles({ organization: 'DMTF', name: 'Indications' })).length).toBe(1);
  });

  test('makes and removes namespaces for the command line', async () => {
    const at = ['--url', server.url] as const;
    const listed = async (): Promise<string> => (await run('wbem', 'namespace', 'list', ...at)).out;
    expect(await run('wbem', 'namespace', 'create', 'root/new', ...at)).toMatchObject({ status: 0, notes: '' });
    expect(await listed()).toContain('root/new');
    expect((await run('wbem', 'namespace', 'create', 'root/new', ...at)).status).toBe(4);
    expect(await run('wbem', 'namespace', 'delete', 'root/new', ...at)).toMatchObject({ status: 0, notes: '' });
    expect(await listed()).not.toContain('root/new');
    expect((await run('wbem', 'namespace', 'delete', 'root/new', ...at)).status).toBe(1);
  });
});
