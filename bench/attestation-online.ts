// End to end over CIM-XML: one process is the host with software TPMs, this one the verifier. BENCH_VMS machines, each with
// BENCH_NEW new measurements in every round; both figures count what a round covers, the host among them.
import { fork } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePolicies, writePolicyJson } from '../src/acm/index.js';
import { createMemoryReferences, createVerifier, entriesOfImaLog } from '../src/attestation/index.js';
import { fromBase64, systemClock, systemRandomness } from '../src/base/index.js';
import { createHttpTransport, WbemClient } from '../src/client/index.js';
import { attestRound, completed, ManagedHost, outText } from '../src/client/management/index.js';
import { openManagementVm } from '../src/host/management-vm/index.js';
import { defaultPolicies } from '../src/host/verifier/index.js';
import { writeSampleImage } from '../src/host/sample/image.js';
import { openSqliteStore } from '../src/store/index.js';
import { defineVm, startVm } from '../src/vmm/index.js';

const machines = Number(process.env['BENCH_VMS'] ?? 40);
const fresh = Number(process.env['BENCH_NEW'] ?? 50);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const actor = { user: 'bench' } as never;
/** Milliseconds of this process. */
function cpuNow(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
const content = (round: number, file: number): string => `round ${round} file ${file}`;
const pathOf = (round: number, file: number): string => `/srv/load/${round}/file-${file}`;

async function host(folder: string): Promise<void> {
  const management = await openManagementVm({
    folder,
    name: 'bench-host',
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' }],
    vtpm: 'software',
    sample: false,
  });
  const url = management.server.addresses[0]?.url ?? '';
  const transport = createHttpTransport({ url, user: 'admin', password: management.adminSecret ?? '' });
  const managed = new ManagedHost(new WbemClient(transport, { namespace: 'root/tvdc' }));
  const { policy } = await managed.importPolicy(writePolicyJson(samplePolicies['tvdc-sample 1.0']), 'json');
  await managed.deployPolicy(policy);
  await managed.enablePolicy(policy);
  const image = join(folder, 'bench-image');
  writeSampleImage(image, { tamperedPath: null });
  const { parts } = management;
  const vms: string[] = [];
  for (let n = 0; n < machines; n++) {
    const specification = {
      name: `vm-${n}`,
      label: 'MA',
      memoryMiB: 64,
      processors: 1,
      volumes: [],
      vlans: [],
      tpm: true,
      image,
      criticality: 'low' as const,
    };
    const { uuid } = await defineVm(parts, actor, specification);
    await startVm(parts, actor, uuid);
    vms.push(uuid);
  }
  process.on('message', (round: number | 'cpu') => {
    if (round === 'cpu') {
      process.send?.(cpuNow());
      return;
    }
    const own = join(folder, 'load', String(round));
    mkdirSync(own, { recursive: true });
    const files = Array.from({ length: fresh }, (_, file) => {
      const source = join(own, String(file));
      writeFileSync(source, content(round, file));
      return { path: pathOf(round, file), source };
    });
    void Promise.all(vms.map((vm) => parts.boot.load(vm, files))).then(() => process.send?.('loaded'));
  });
  process.send?.({
    url,
    secret: management.adminSecret,
    anchor: Buffer.from(management.trustAnchor).toString('base64'),
  });
}

async function verify(folder: string): Promise<void> {
  const child = fork(process.argv[1] ?? '', ['--host', folder], { execArgv: process.execArgv });
  const message = (): Promise<unknown> => new Promise((resolve) => child.once('message', resolve));
  const { url, secret, anchor } = (await message()) as { url: string; secret: string; anchor: string };
  const transport = createHttpTransport({ url, user: 'admin', password: secret });
  const client = new WbemClient(transport, { namespace: 'root/tvdc' });
  const references = createMemoryReferences();
  for (const set of ['host', 'workload']) await references.createSet(set);
  const namespace = 'root/tvdc';
  for (const path of await client.instancePaths('TVDC_MeasurementLog').toArray()) {
    const out = completed(
      'GetMeasurements',
      await client.invoke(path, 'GetMeasurements', { StartIndex: 0n, MaxEntries: 0 }, { namespace }),
    );
    for (const set of ['host', 'workload'])
      await references.add(set, entriesOfImaLog(fromBase64(outText(out, 'Data'))));
  }
  for (let round = 0; round <= rounds; round++) {
    await references.add(
      'workload',
      Array.from({ length: fresh }, (_, file) => ({
        algorithm: 'sha256' as const,
        digest: createHash('sha256').update(content(round, file)).digest('hex'),
        path: pathOf(round, file),
        status: 'good' as const,
      })),
    );
  }
  const store = openSqliteStore(join(folder, 'verifier'));
  const verifier = createVerifier({
    references,
    anchors: [{ certificate: fromBase64(anchor), assurance: 'simulated' }],
    store,
    clock: systemClock,
    randomness: systemRandomness,
  });
  const policies = defaultPolicies(null);
  const hostCpu = (): Promise<number> => {
    const answer = message();
    child.send('cpu');
    return answer as Promise<number>;
  };
  const attest = async (what: string): Promise<void> => {
    const hostBefore = await hostCpu();
    const before = cpuNow();
    const started = performance.now();
    const { host: own, vms } = await attestRound({ verifier, client, policies });
    const milliseconds = performance.now() - started;
    const verifierUsed = cpuNow() - before;
    const hostUsed = (await hostCpu()) - hostBefore;
    const all = [own, ...vms];
    const wrong = all.filter((item) => item?.verdict.status !== 'trusted');
    if (wrong.length > 0) throw new Error(JSON.stringify(wrong[0]?.verdict.reasons.slice(0, 2)));
    const rate = Math.round((all.length / milliseconds) * 1000);
    // On a busy machine the CPU time of both sides says more than the clock.
    const cpu = `CPU each: verifier ${(verifierUsed / all.length).toFixed(2)} ms, host ${(hostUsed / all.length).toFixed(2)} ms`;
    console.log(
      `${what.padEnd(52)} ${String(rate).padStart(6)} attestations/s   ${milliseconds.toFixed(0).padStart(6)} ms   ${cpu}`,
    );
  };
  await attest(`first round of ${machines} VMs and their host, with binding`);
  for (let round = 0; round < rounds; round++) {
    const loaded = message();
    child.send(round);
    await loaded;
    await attest(`round ${round + 1}, ${fresh} new entries in each VM`);
  }
  await transport.close();
  await store.close();
  child.kill();
}

if (process.argv[2] === '--host') {
  await host(process.argv[3] ?? '');
} else {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-bench-'));
  try {
    await verify(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
