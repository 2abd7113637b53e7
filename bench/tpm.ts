import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemRandomness } from '../src/base/index.js';
import { createMemoryStore } from '../src/store/index.js';
import {
  akEccTemplate,
  akRsaTemplate,
  createTpmClient,
  parsePcrSelection,
  type TpmClient,
  type TpmTransport,
} from '../src/tpm/index.js';
import {
  createSoftwareTpm,
  createVtpmInstances,
  openDatacenterRoot,
  openHostAuthority,
  swtpmAvailable,
  type VtpmBackend,
} from '../src/vtpm/index.js';
import { createSealer, createStateVault } from '../src/vtpm/state/index.js';
import { createSwtpmDriver } from '../src/vtpm/swtpm/index.js';
import { overSwtpm } from './tpm/over-swtpm.js';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 2000);
const instanceCount = Number(process.env['BENCH_INSTANCES'] ?? 300);
const selection = parsePcrSelection('sha256:0-8');
const folder = mkdtempSync(join(tmpdir(), 'tvdc-bench-tpm-'));
const print = (what: string, value: number, unit: string): void => {
  console.log(`${what.padEnd(52)} ${value.toFixed(3).padStart(10)} ${unit}`);
};

/** Median and mean of one operation, in milliseconds. */
async function measure(what: string, count: number, work: () => Promise<unknown>): Promise<number> {
  for (let n = 0; n < Math.min(20, count); n++) await work();
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const median = times[times.length >> 1] as number;
  print(what, median, 'ms (median)');
  return median;
}

async function commands(name: string, transport: TpmTransport): Promise<void> {
  const client: TpmClient = createTpmClient(transport);
  await client.startup('clear');
  const digests = [
    { algorithm: 'sha1', digest: new Uint8Array(20) },
    { algorithm: 'sha256', digest: new Uint8Array(32) },
  ] as const;
  await measure(`${name}: extend, two banks`, rounds, () => client.pcrExtend(10, digests));
  await measure(`${name}: read eight PCRs`, rounds, () => client.pcrRead(parsePcrSelection('sha256:0-7')));
  const ecc = await client.createPrimary('endorsement', akEccTemplate);
  await measure(`${name}: ECC quote`, rounds / 4, () => client.quote(ecc.handle, new Uint8Array(32), selection));
  const rsa = await client.createPrimary('endorsement', akRsaTemplate());
  await measure(`${name}: RSA quote`, rounds / 10, () => client.quote(rsa.handle, new Uint8Array(32), selection));
  await client.flushContext(ecc.handle);
  await client.flushContext(rsa.handle);
}

async function lifeCycle(backend: VtpmBackend): Promise<void> {
  const root = await openDatacenterRoot({ folder: join(folder, 'root') });
  const host = { hostUuid: '11111111-1111-4111-8111-111111111111', hostEkHash: '' };
  const authority = await openHostAuthority({ folder: join(folder, 'ca'), host, certify: root.certifyHost });
  const store = createMemoryStore();
  const instances = await createVtpmInstances({ store, backend, folder: join(folder, backend), authority });
  const vms = Array.from({ length: instanceCount }, () => systemRandomness.uuid());
  const timed = async (what: string, work: (vm: string) => Promise<unknown>): Promise<void> => {
    const start = performance.now();
    for (const vm of vms) await work(vm);
    print(`${backend}: ${what}`, (performance.now() - start) / vms.length, 'ms each');
  };
  await timed('manufacture with ECC EK, AK, certificate', (vm) => instances.create(vm));
  globalThis.gc?.();
  const before = process.memoryUsage();
  await timed('start', (vm) => instances.powerOn(vm));
  globalThis.gc?.();
  const after = process.memoryUsage();
  const used =
    after.heapUsed + after.external + after.arrayBuffers - before.heapUsed - before.external - before.arrayBuffers;
  print(`${backend}: memory of this process for each`, used / vms.length / 1024, 'KiB');
  const start = performance.now();
  await Promise.all(
    vms.map(async (vm) => {
      const client = instances.get(vm)?.client();
      for (let n = 0; n < 20; n++) await client?.pcrExtend(10, [{ algorithm: 'sha256', digest: new Uint8Array(32) }]);
    }),
  );
  print(
    `${backend}: extends of ${vms.length} side by side`,
    (20 * vms.length) / ((performance.now() - start) / 1000),
    '/s',
  );
  await timed('stop', (vm) => instances.powerOff(vm));
  await instances.close();
}

try {
  await commands('software', createSoftwareTpm());
  await lifeCycle('software');
  if (await swtpmAvailable()) {
    const vault = createStateVault(createMemoryStore(), createSealer(new Uint8Array(32), systemRandomness));
    const driver = createSwtpmDriver({ vault, randomness: systemRandomness, log: silentLog });
    await driver.manufacture('tpm', (transport) => commands('swtpm', transport));
    await lifeCycle('swtpm');
    await overSwtpm(driver, 'tpm', rounds, print);
  } else console.log('swtpm is not installed: nothing to compare with');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
