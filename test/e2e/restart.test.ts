import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../src/base/index.js';
import { CimError, stringKey } from '../../src/cim/index.js';
import { createHttpTransport, WbemClient } from '../../src/client/index.js';
import { ManagedHost } from '../../src/client/management/index.js';
import { startCommand, untilWritten } from './support/command.js';
import { openSampleHost, prepareDatacenter, type SampleHost } from './support/sample-host.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tvdc-restart-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Registers that a boot of a sample machine extends. */
const bootRegisters = 'sha256:0-10';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function withHost<T>(work: (sample: SampleHost) => Promise<T>): Promise<T> {
  const sample = await openSampleHost({ folder });
  try {
    return await work(sample);
  } finally {
    await sample.close();
  }
}

async function putToWork(host: ManagedHost): Promise<void> {
  await prepareDatacenter(host);
  await host.requestState('ma-1', 'start');
  await host.requestState('su-1', 'start');
  await host.requestState('su-1', 'pause');
  await host.requestState('ma-2', 'start');
  await host.requestState('ma-2', 'save');
}

/** What a host says of itself, without what time changes. */
async function storyOf({ admin, vm: { parts } }: SampleHost): Promise<unknown> {
  const { host, client } = admin;
  const system = await host.system();
  const machines = await host.vms();
  const registers = new Map<string, string>();
  for (const register of await client.instances('TVDC_PCR').toArray()) {
    registers.set(register.getString('InstanceID') ?? '', register.getString('Value') ?? '');
  }
  const measured: Record<string, string> = {};
  for (const { id, name } of machines) {
    const tpm = parts.vtpms.get(id);
    const own = [...registers].filter(([key]) => tpm !== undefined && key.startsWith(`TVDC:${tpm.uuid}:`));
    measured[name] = `${tpm?.uuid} ${tpm?.state} ${own.map(([, value]) => value).join(' ')}`;
  }
  const logs = (await client.instancePaths('TVDC_MeasurementLog').toArray()).filter(
    (path) => !(stringKey(path, 'InstanceID') ?? '').endsWith(parts.identity.uuid),
  );
  const entries: Record<string, unknown> = {};
  for (const log of logs) {
    const { out } = await client.invoke(log, 'GetMeasurements');
    entries[stringKey(log, 'InstanceID') ?? ''] = out['Data'];
  }
  return {
    host: system.getString('Name'),
    policy: [system.getString('EnforcedPolicy'), system.getString('PolicyDigest'), system.getString('SystemLabel')],
    machines: machines.map(({ name, id, label, state, criticality }) => ({ name, id, label, state, criticality })),
    volumes: (await host.volumes()).map(({ name, id, label }) => `${name} ${id} ${label}`).sort(),
    vlans: (await host.vlans()).map(({ name, label }) => ({ name, label })),
    domains: (await client.instances('TVDC_TrustedVirtualDomain').toArray())
      .map((item) => item.getString('ElementName'))
      .sort(),
    measured,
    entries,
  };
}

test('a host that was closed in order goes on where it was, virtual TPMs included', async () => {
  const before = await withHost(async (sample) => {
    await putToWork(sample.admin.host);
    return storyOf(sample);
  });
  const after = await withHost(storyOf);
  expect(after).toEqual(before);
  expect(before).toMatchObject({ policy: [`tvdc-sample 1.0`, expect.any(String), 'SystemManagement'] });
  await withHost(async ({ admin: { host } }) => {
    expect(await host.vms()).toMatchObject([
      { state: 'running' },
      { state: 'saved' },
      { state: 'off' },
      { state: 'paused' },
    ]);
    // What runs still counts: the reference monitor was told.
    await expect(host.requestState('ms-1', 'start')).rejects.toMatchObject({ status: 1 });
    await host.requestState('ma-2', 'start');
    await host.requestState('su-1', 'start');
    await host.requestState('su-1', 'stop');
  });
});

test('a quote after a clean restart still proves the boot', async () => {
  const quoted = async ({ admin, vm: { parts } }: SampleHost): Promise<string> => {
    const { id } = await admin.host.vm('ma-1');
    const tpm = parts.vtpms.get(id);
    if (tpm === undefined) throw new Error('no TPM');
    const nonce = new Uint8Array(16);
    const quote = await tpm
      .client()
      .quote(tpm.identity.akHandle, nonce, [{ bank: 'sha256', indexes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }]);
    const { attested } = quote.attest;
    if (attested.kind !== 'quote') throw new Error('no quote');
    return toHex(attested.pcrDigest);
  };
  const before = await withHost(async (sample) => {
    await putToWork(sample.admin.host);
    return quoted(sample);
  });
  expect(await withHost(quoted)).toBe(before);
});

test('a host that was killed comes back with the same machines and labels, and says that PCRs are lost', async () => {
  const port = await freePort();
  const child = startCommand([
    ...['serve', '--data', folder, '--sample', '--vtpm', 'software', '--https-port', '0', '--http-port', String(port)],
  ]);
  const ended = new Promise((resolve) => child.once('close', resolve));
  let known: readonly { readonly name: string; readonly id: string; readonly label: string | null }[] = [];
  try {
    await untilWritten(child, /stop with Ctrl-C/);
    const password = readFileSync(join(folder, 'admin.secret'), 'utf8').trim();
    const transport = createHttpTransport({ url: `http://127.0.0.1:${port}`, user: 'admin', password });
    const host = new ManagedHost(new WbemClient(transport, { namespace: 'root/tvdc' }));
    await putToWork(host);
    known = (await host.vms()).map(({ name, id, label }) => ({ name, id, label }));
    await transport.close();
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  await withHost(async (sample) => {
    const { host, client } = sample.admin;
    const found = await host.vms();
    expect(found.map(({ name, id, label }) => ({ name, id, label }))).toEqual(known);
    expect((await host.system()).getString('EnforcedPolicy')).toBe('tvdc-sample 1.0');
    expect(found.map(({ name, state }) => [name, state])).toEqual([
      ['ma-1', 'running'],
      ['ma-2', 'saved'],
      ['ms-1', 'off'],
      ['su-1', 'paused'],
    ]);
    const tpms = await client.instances('TVDC_VirtualTPM').toArray();
    const tpmOf = (name: string) => tpms.find((tpm) => tpm.getString('ElementName') === `TPM of ${name}`);
    // Its registers went with the process: it does not answer as if they had not.
    const lost = tpmOf('ma-1');
    expect(lost?.getString('State')).not.toBe('running');
    const quote = client.invoke(lost?.path ?? '', 'Quote', { Nonce: 'AAECAwQFBgcICQ==', Selection: bootRegisters });
    await expect(quote).rejects.toBeInstanceOf(CimError);
    expect(tpmOf('ma-2')?.getString('State')).toBe('suspended');
    await host.requestState('ma-1', 'reset');
    const again = (await client.instances('TVDC_VirtualTPM').toArray()).find(
      (tpm) => tpm.getString('ElementName') === 'TPM of ma-1',
    );
    expect(again?.getString('State')).toBe('running');
  });
});
