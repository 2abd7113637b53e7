import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenersOf } from '../../src/host/front/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tvdc-listen-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('HTTP is for loopback alone; other addresses get HTTPS with a certificate that is kept', async () => {
  const near = await listenersOf({ folder, host: '127.0.0.1', httpPort: 5988, httpsPort: 0 });
  expect(near.flatMap((one) => (one.kind === 'tcp' ? [[one.port, one.tls]] : []))).toEqual([[5988, undefined]]);
  const far = await listenersOf({ folder, host: '192.0.2.1', httpPort: 5988, httpsPort: 5989 });
  const tcp = far.filter((one) => one.kind === 'tcp');
  expect(tcp.map(({ port }) => port)).toEqual([5989]);
  expect(tcp[0]?.tls?.cert).toBe(readFileSync(join(folder, 'server.pem'), 'utf8'));
  const again = await listenersOf({ folder, host: 'tvdc.example', httpPort: 0, httpsPort: 5989 });
  expect(again.find((one) => one.kind === 'tcp')).toMatchObject({
    host: 'tvdc.example',
    tls: { cert: tcp[0]?.tls?.cert },
  });
});

test.each([
  ['192.0.2.1', 5988, 0, 'insecure_listen', '192.0.2.1 needs --https-port'],
  ['127.0.0.1', 0, 0, 'no_listener', 'with both ports 0'],
  ['http://127.0.0.1:0', 5988, 5989, 'bad_address', 'not an address or a host name to listen on: http://127.0.0.1:0'],
  ['127.0.0.1:5988', 5988, 5989, 'bad_address', '127.0.0.1:5988'],
  ['', 5988, 5989, 'bad_address', 'not an address'],
])('%s with the ports %d and %d is refused: %s', async (host, httpPort, httpsPort, code, sentence) => {
  await expect(listenersOf({ folder, host, httpPort, httpsPort })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(sentence) as string,
  });
});
