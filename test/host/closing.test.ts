import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/base/index.js';
import type { CimInstancePath } from '../../src/cim/index.js';
import { createHttpTransport, WbemClient } from '../../src/client/index.js';
import { ManagedHost } from '../../src/client/management/index.js';
import { type ManagementVm, openManagementVm } from '../../src/host/management-vm/index.js';

const namespace = 'root/tvdc';
const folder = mkdtempSync(join(tmpdir(), 'tvdc-closing-'));
const asked: Socket[] = [];
let mute: Server;

beforeAll(async () => {
  // A host that takes connections and never answers.
  mute = createServer((socket) => void asked.push(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
  await once(mute, 'listening');
});
afterAll(() => {
  for (const socket of asked) socket.destroy();
  mute.close();
  rmSync(folder, { recursive: true });
});

function open(): Promise<ManagementVm> {
  return openManagementVm({
    folder,
    name: 'host-a',
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' }],
    vtpm: 'software',
    sample: true,
    jobPatience: 10,
    closingPatience: 10,
    log: silentLog,
  });
}

async function withHost<T>(vm: ManagementVm, work: (host: ManagedHost) => Promise<T>): Promise<T> {
  const url = vm.server.addresses[0]?.url ?? '';
  const transport = createHttpTransport({ url, user: 'admin', password: vm.adminSecret ?? '' });
  try {
    return await work(new ManagedHost(new WbemClient(transport, { namespace }), namespace));
  } finally {
    await transport.close();
  }
}

test('a peer that never answers does not keep a host from ending; the machine stays, and the job says so', async () => {
  const address = mute.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const first = await open();
  writeFileSync(join(folder, 'secret'), 'secret');
  const peer = { name: 'mute', url: `http://127.0.0.1:${port}`, user: 'a', passwordFile: 'secret', account: 'mute' };
  writeFileSync(join(folder, 'peers.json'), JSON.stringify({ format: 1, peers: [peer], unattested: true }));
  const begun = await withHost(first, async (host) => {
    const service = await host.client.instancePaths('TVDC_VirtualSystemMigrationService').first();
    const ComputerSystem = (await host.vm('ma-1')).path;
    return host.client.invoke(service as CimInstancePath, 'MigrateVirtualSystemToHost', {
      DestinationHost: 'mute',
      ComputerSystem,
    });
  });
  expect(Number(begun.returnValue)).toBe(4096);
  if (asked.length === 0) await once(mute, 'connection');
  await first.close();

  const second = await open();
  try {
    await withHost(second, async (host) => {
      expect((await host.vm('ma-1')).state).toBe('off');
      const job = await host.client.instances('TVDC_ConcreteJob').first();
      expect([job?.getString('JobStatus'), job?.getString('ElementName')]).toEqual(['failed', 'migrate ma-1 to mute']);
    });
  } finally {
    await second.close();
  }
});
