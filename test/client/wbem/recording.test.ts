import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createHttpTransport,
  createReplayTransport,
  type Har,
  HarFileRecorder,
  HarRecorder,
  type HttpTransport,
  type HttpTransportOptions,
  WbemClient,
} from '../../../src/client/index.js';
import { createTestServer, type TestServer } from '../../../src/host/testing/index.js';
import { redactXml } from '../../../src/http/client/redact.js';
import { run } from '../../cli/run.js';

const password = 'pa55word & more';
const mof = `
  class ACME_Account { [Key] string Name; string Secret; uint32 Uses; uint32 Change([IN] string NewSecret, [IN(false), OUT] string OldSecret); };
  class ACME_Disk { [Key] string Name; uint64 Size; };
`;
let server: TestServer;
let folder: string;
const transports: HttpTransport[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tvdc-recording-'));
  server = await createTestServer({
    mof,
    credentials: { user: 'u', password },
    instances: Array.from({ length: 7 }, (_, at) => ({
      class: 'ACME_Disk',
      properties: { Name: `d${at}`, Size: BigInt(at) },
    })),
    providers: [
      {
        className: 'ACME_Account',
        namespaces: ['root/cimv2'],
        methods: { Change: async () => ({ returnValue: 0, out: { OldSecret: 'the old one' } }) },
      },
    ],
  });
});
afterAll(async () => {
  for (const transport of transports) await transport.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

function clientOver(options: Partial<HttpTransportOptions>): WbemClient {
  const transport = createHttpTransport({ url: server.url, user: 'u', password, ...options });
  transports.push(transport);
  return new WbemClient(transport, { namespace: 'root/cimv2', maxObjectCount: 3 });
}

async function conversation(client: WbemClient): Promise<unknown[]> {
  const disks = await client.instances('ACME_Disk').toArray();
  const refused = await client.getInstance('ACME_Disk.Name="none"').catch((error: unknown) => String(error));
  const changed = await client.invoke('ACME_Account.Name="a"', 'Change', { NewSecret: 'the new one' });
  return [disks.map((disk) => [disk.path?.keys, disk.get('Size')]), refused, changed];
}

describe('a recording', () => {
  test('is HTTP Archive 1.2, and holds no secret', async () => {
    const recorder = new HarRecorder();
    await conversation(clientOver({ recorder }));
    const har = recorder.toHar();
    const text = JSON.stringify(har);
    for (const secret of ['the new one', 'the old one', password, Buffer.from(`u:${password}`).toString('base64')]) {
      expect(text).not.toContain(secret);
    }
    expect(har.log.version).toBe('1.2');
    expect(har.log.entries.map(({ _operation }) => _operation)).toEqual([
      'OpenEnumerateInstances',
      'PullInstancesWithPath',
      'PullInstancesWithPath',
      'GetInstance',
      'GetClass',
      'Change',
    ]);
    const [first] = har.log.entries;
    expect(first).toMatchObject({
      request: {
        method: 'POST',
        url: server.url,
        httpVersion: 'HTTP/1.1',
        cookies: [],
        queryString: [],
        headersSize: -1,
        headers: expect.arrayContaining([
          { name: 'CIMMethod', value: 'OpenEnumerateInstances' },
          { name: 'Authorization', value: 'redacted' },
        ]) as unknown,
        postData: {
          mimeType: 'application/xml; charset="utf-8"',
          text: expect.stringContaining('<IMETHODCALL NAME="OpenEnumerateInstances">') as string,
        },
      },
      response: { status: 200, statusText: 'OK', redirectURL: '', cookies: [] },
      cache: {},
    });
    expect(first?.response.content.text).toContain('ACME_Disk');
    expect(first?.response.content.size).toBe(Buffer.byteLength(first?.response.content.text ?? ''));
    expect(first?.startedDateTime).toBe(new Date(first?.startedDateTime ?? '').toISOString());
    const { send = 0, wait = 0, receive = 0 } = first?.timings ?? {};
    expect(send + wait + receive).toBeCloseTo(first?.time ?? 0, 3);
  });

  test('holds everything for who asks for that', async () => {
    const recorder = new HarRecorder({ secrets: 'kept' });
    await conversation(clientOver({ recorder }));
    const text = JSON.stringify(recorder.toHar());
    for (const secret of ['the new one', 'the old one', Buffer.from(`u:${password}`).toString('base64')]) {
      expect(text).toContain(secret);
    }
  });

  test('tells of failures of the transport', async () => {
    const recorder = new HarRecorder();
    await expect(
      clientOver({ recorder, password: 'no', retry: { retries: 0 } }).getClass('ACME_Disk'),
    ).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(
      clientOver({ recorder, url: 'http://127.0.0.1:9', retry: { retries: 0 } }).getClass('ACME_Disk'),
    ).rejects.toMatchObject({ code: 'unreachable' });
    const { entries } = recorder.toHar().log;
    expect(entries.map(({ response }) => response.status)).toEqual([401, 0]);
    expect(entries[1]?.response._error).toContain('GetClass');
    const replay = createReplayTransport(recorder.toHar());
    const client = new WbemClient(replay);
    await expect(client.getClass('ACME_Disk')).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(client.getClass('ACME_Disk')).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('in a file is complete after every exchange, and for its owner alone', async () => {
    const file = join(folder, 'steps.har');
    writeFileSync(file, 'what was there', { mode: 0o644 });
    const recorder = new HarFileRecorder(file);
    const entries = (): number => (JSON.parse(readFileSync(file, 'utf8')) as Har).log.entries.length;
    const counts = [entries()];
    const client = clientOver({ recorder });
    for (const at of [1, 2, 3]) {
      await client.getInstance(`ACME_Disk.Name="d${at}"`);
      counts.push(entries());
    }
    recorder.close();
    expect(counts).toEqual([0, 1, 2, 3]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is made by every command that talks to a server', async () => {
    const file = join(folder, 'command.har');
    const secret = join(folder, 'secret');
    writeFileSync(secret, password, { mode: 0o600 });
    const where = ['--url', server.url, '--user', 'u', '--password-file', secret, '--namespace', 'root/cimv2'];
    expect((await run('wbem', 'ein', 'ACME_Disk', ...where, '--har', file)).status).toBe(0);
    expect((await run('wbem', 'ein', 'ACME_Disk', ...where, '--har', join(folder, 'no', 'f'))).notes).toMatch(
      /^tvdc: cannot write .*: no such file or folder\n$/,
    );
    const har = JSON.parse(readFileSync(file, 'utf8')) as Har;
    expect(har.log.entries.map(({ _operation }) => _operation)).toEqual(['OpenEnumerateInstancePaths']);
    expect(readFileSync(file, 'utf8')).not.toContain(Buffer.from(`u:${password}`).toString('base64'));
    expect(await new WbemClient(createReplayTransport(har)).instancePaths('ACME_Disk').toArray()).toHaveLength(7);
  });
});

describe('a replay', () => {
  test('says what the server said, redacted or not, and knows what it was not asked', async () => {
    for (const secrets of ['kept', 'redacted'] as const) {
      const recorder = new HarRecorder({ secrets });
      const said = await conversation(clientOver({ recorder }));
      const replay = createReplayTransport(JSON.parse(JSON.stringify(recorder.toHar())) as Har);
      const client = new WbemClient(replay, { namespace: 'root/cimv2', maxObjectCount: 3 });
      expect(replay.unused).toHaveLength(6);
      const again = await conversation(client);
      expect(again.slice(0, 2)).toEqual(said.slice(0, 2));
      expect(again[2]).toEqual(secrets === 'kept' ? said[2] : { returnValue: 0, out: { OldSecret: 'redacted' } });
      expect(replay.unused).toEqual([]);
      expect((await client.getClass('ACME_Account')).name).toBe('ACME_Account');
    }
  });

  test('has nothing for a request that was not recorded', async () => {
    const client = new WbemClient(createReplayTransport(new HarRecorder().toHar()));
    await expect(client.getClass('ACME_Disk')).rejects.toMatchObject({ code: 'not_recorded' });
    expect(() => createReplayTransport({} as Har)).toThrow('expected a HAR document');
  });

  test('of a batch answers each request of it', async () => {
    const recorder = new HarRecorder();
    const requests = ['d1', 'none'].map((name) => ({
      kind: 'GetInstance' as const,
      namespace: 'root/cimv2',
      instanceName: {
        kind: 'instance-path' as const,
        host: null,
        namespace: null,
        className: 'ACME_Disk',
        keys: [{ name: 'Name', type: 'string' as const, value: name }],
      },
      includeClassOrigin: false,
      propertyList: null,
    }));
    clientOver({});
    const transport = createHttpTransport({ url: server.url, user: 'u', password, recorder });
    transports.push(transport);
    const said = await transport.callBatch(requests);
    expect(said.map(({ kind }) => kind)).toEqual(['result', 'error']);
    expect(await createReplayTransport(recorder.toHar()).callBatch(requests)).toEqual(said);
  });
});

describe('redaction', () => {
  test.each([
    ['<PARAMVALUE NAME="UserPassword" PARAMTYPE="string"><VALUE>x</VALUE></PARAMVALUE>'],
    ['<PROPERTY TYPE="string" NAME="Secret"><VALUE><![CDATA[x]]></VALUE></PROPERTY>'],
    ['<PROPERTY.ARRAY NAME="secrets" TYPE="string"><VALUE.ARRAY><VALUE>x</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>'],
    ['&lt;PROPERTY NAME="Passphrase" TYPE="string"&gt;&lt;VALUE&gt;x&lt;/VALUE&gt;&lt;/PROPERTY&gt;'],
    [
      '&lt;PROPERTY NAME=&quot;PrivateKey&quot; TYPE=&quot;string&quot;&gt;&lt;VALUE&gt;x&lt;/VALUE&gt;&lt;/PROPERTY&gt;',
    ],
    ['<PROPERTY NAME="Secret" TYPE="string"><VALUE>x'],
  ])('of %s', (text) => {
    const out = redactXml(`before ${text} after`);
    expect(out).not.toContain('>x<');
    expect(out).not.toMatch(/x(?:\]|$| after)|&gt;x/);
    expect(out.startsWith('before ')).toBe(true);
    expect(out).toContain('redacted');
  });

  test('leaves all else as it was', () => {
    const text =
      '<PROPERTY NAME="Secret" TYPE="string"/><PROPERTY NAME="Name" TYPE="string"><VALUE>Secret</VALUE></PROPERTY><VALUE>NAME="Secret"</VALUE>';
    expect(redactXml(text)).toBe(text);
  });
});
