import { createPublicKey } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import {
  createMemoryReferences,
  entriesOfImaLog,
  type ReferenceEntry,
  verifyEvidenceBundle,
} from '../../../src/attestation/index.js';
import { ManualClock, systemClock, toBase64 } from '../../../src/base/index.js';
import type { CimInstancePath } from '../../../src/cim/index.js';
import { createHttpTransport, WbemClient } from '../../../src/client/index.js';
import {
  attest,
  checkReadiness,
  completed,
  outText,
  renewCertificate,
  revokeCertificate,
} from '../../../src/client/management/index.js';
import { carryOut, defaultPolicies, workloadReferences } from '../../../src/host/verifier/index.js';
import { Revocations } from '../../../src/host/verifier/revocations.js';
import { Rounds } from '../../../src/host/verifier/rounds.js';
import { createImaLog } from '../../../src/tpm/logs/index.js';
import { errorLike } from '../../support/errors.js';
import { AttestedDatacenter } from '../support/attested-host.js';

const subjectOf = async (datacenter: AttestedDatacenter, name: string) =>
  ({ kind: 'vm', uuid: (await datacenter.host.vm(name)).id }) as const;

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !condition(); turn++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
}

describe('a verifier that serves', () => {
  let datacenter: AttestedDatacenter;
  beforeAll(async () => {
    datacenter = await AttestedDatacenter.open({ notices: {} });
    await datacenter.host.requestState('ma-1', 'start');
    await datacenter.believe('ma-1');
  });
  afterAll(() => datacenter.close());

  test('attests a VM with its host, and the host with all its VMs', async () => {
    expect((await datacenter.attest('ma-1')).status).toBe('trusted');
    expect((await datacenter.attest('test-host')).status).toBe('trusted');
  });

  test('asks the vTPM alone in mode 2: without its host a VM is at best unknown', async () => {
    const { status, reasons } = await datacenter.attest('ma-1', 2);
    expect(status).toBe('unknown');
    expect(reasons).toContain('host_unknown');
  });

  test('believes a host that speaks for its VM in mode 4 only while the host is trusted, and says so', async () => {
    const found = await datacenter.attest('ma-1', 4);
    expect(found).toMatchObject({ status: 'trusted', evidence: 'host_asserted' });
    expect(found.reasons).toEqual(expect.arrayContaining(['host_asserted', 'link_rests_on_host']));
  });

  test('answers with the reason for a VM that is off', async () => {
    const { status, reasons } = await datacenter.attest('ma-2');
    expect(status).toBe('unreachable');
    expect(reasons).toEqual(['unreachable']);
  });

  test('hands out evidence that is judged again elsewhere, host and link included', async () => {
    const { path, service } = await datacenter.attest('ma-1');
    const invoked = await datacenter.verifierClient.invoke(service, 'ExportEvidence', { Verdict: path });
    const text = outText(completed('ExportEvidence', invoked), 'Document');
    const signers = [await datacenter.verifier.verifier.evidenceKey()];
    expect(createPublicKey(signers[0] as string).asymmetricKeyType).toBe('ed25519');
    const found = await verifyEvidenceBundle(text, { signers });
    expect(found).toMatchObject({ verdict: 'trusted', recorded: 'trusted', sameReferences: true });
    expect(found.host?.verdict).toBe('trusted');
    const stranger = await verifyEvidenceBundle(text);
    expect(stranger.verdict).toBe('unknown');
    expect(stranger.reasons).toContain('ak_unbound');
  });

  test('makes a verdict pending at once when the host tells that the VM was reset', async () => {
    expect((await datacenter.attest('ma-1')).status).toBe('trusted');
    const subject = await subjectOf(datacenter, 'ma-1');
    await datacenter.host.requestState('ma-1', 'reset');
    await until(() => datacenter.verifier.verifier.status(subject).verdict?.status === 'pending');
    expect(datacenter.verifier.verifier.status(subject).verdict?.reasons[0]?.message).toMatch(/reset|start/);
    expect((await datacenter.attest('ma-1')).status).toBe('trusted');
  });

  test('takes back trust in the next round after a reference is deleted', async () => {
    const { references } = datacenter.verifier;
    const entries = [];
    for await (const batch of references.list(workloadReferences)) entries.push(...batch);
    const gone = entries.find(({ path }) => path?.startsWith('/srv')) ?? entries.at(-1);
    await references.delete(workloadReferences, { digest: gone?.digest ?? '' });
    const { status, reasons } = await datacenter.attest('ma-1');
    expect(status).toBe('unknown');
    expect(reasons).toContain('unknown_measurement');
    await references.add(workloadReferences, entries);
    expect((await datacenter.attest('ma-1')).status).toBe('trusted');
  });

  test('lets a program be the challenging party', async () => {
    const options = { verifier: datacenter.verifier.verifier, policies: defaultPolicies(null) };
    expect((await attest(datacenter.host.client, 'ma-1', options)).status).toBe('trusted');
    expect((await attest(datacenter.host.client, null, options)).subject.kind).toBe('host');
    await expect(attest(datacenter.host.client, 'nobody', options)).rejects.toThrow(errorLike({ code: 'not_found' }));
  });

  test('does not wait for a host that hangs to attest what runs on another', async () => {
    const hanging = createServer();
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const sockets = new Set<Socket>();
    hanging.on('connection', (socket) => sockets.add(socket));
    const { port } = hanging.address() as AddressInfo;
    const transport = createHttpTransport({ url: `http://127.0.0.1:${port}`, user: 'a', password: 'b', timeout: 0 });
    const { verifier, foundation } = datacenter.verifier;
    const { store, clock, log } = foundation;
    const revocations = new Revocations({ anchors: [], store, clock, log });
    const rounds = new Rounds(verifier, store, log, revocations, () => undefined);
    const policies = defaultPolicies(null);
    rounds.add({ client: new WbemClient(transport, { namespace: 'root/tvdc' }), policies });
    rounds.add({ client: datacenter.host.client, policies });
    try {
      const { id } = await datacenter.host.vm('ma-1');
      expect((await rounds.attest(id, 'quoted'))?.verdict.status).toBe('trusted');
      // Again, now that it is known where the machine is.
      expect((await rounds.attest(id, 'quoted'))?.verdict.status).toBe('trusted');
    } finally {
      for (const socket of sockets) socket.destroy();
      await transport.close();
      await new Promise((resolve) => hanging.close(resolve));
      await rounds.settle();
    }
  });

  test("does not begin a round under a policy that cannot be used: that is nobody's verdict", async () => {
    const vm = () => ({ name: 'bad', referenceSets: ['workload'], exclude: ['/(?=x)'] });
    const options = { verifier: datacenter.verifier.verifier, policies: { ...defaultPolicies(null), vm } };
    await expect(attest(datacenter.host.client, 'ma-1', options)).rejects.toThrow(errorLike({ code: 'bad_pattern' }));
  });

  test('refuses a VM whose certificate its host has revoked, until it has another one', async () => {
    const { host } = datacenter;
    const { client, namespace } = host;
    const vm = (await host.vm('ma-1')).path;
    const tpm = await client.associatorPaths(vm, { namespace, resultClass: 'TVDC_VirtualTPM' }).first();
    const own = await client.associators(tpm as CimInstancePath, { resultClass: 'TVDC_Certificate' }).first();
    await revokeCertificate(host, own?.getString('PEM') ?? '', 'keyCompromise');
    const { status, reasons } = await datacenter.attest('ma-1');
    expect([status, reasons]).toEqual(['untrusted', expect.arrayContaining(['certificate_revoked'])]);
    await renewCertificate(host, tpm as CimInstancePath);
    expect((await datacenter.attest('ma-1')).reasons).not.toContain('certificate_revoked');
  });

  test('finds what a host has and lacks', async () => {
    const { items, missing } = await checkReadiness(datacenter.host.client);
    expect(items.find(({ name }) => name === 'tpm')).toMatchObject({ ready: true });
    // Only a built package has code of ours to measure.
    expect(missing.filter((name) => name !== 'own_code_measured')).toEqual([]);
  });

  test('tells its own code by reference measurements of the package, in whatever version', async () => {
    const { client } = datacenter.host;
    const first = entriesOfImaLog(await datacenter.log('test-host'))[0] as ReferenceEntry;
    const references = createMemoryReferences();
    await references.createSet('own');
    const own = { references, sets: ['own'] };
    const item = async () =>
      (await checkReadiness(client, 'root/tvdc', own)).items.find(({ name }) => name === 'own_code_measured');
    expect(await item()).not.toMatchObject({ detail: expect.stringContaining('as in the reference') });
    await references.add('own', [{ ...first, package: 'tvdc', version: '7.8.9' }]);
    expect(await item()).toMatchObject({
      ready: true,
      detail: '1 files of tvdc 7.8.9, as in the reference measurements',
    });
  });
});

describe('agents that push measurements', () => {
  let datacenter: AttestedDatacenter;
  let vm: string;
  const clients: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    datacenter = await AttestedDatacenter.open({ pushLimits: { burst: 4, bytes: 4096 } });
    await datacenter.host.requestState('ma-1', 'start');
    await datacenter.believe('ma-1');
    await datacenter.attest('ma-1');
    vm = (await datacenter.host.vm('ma-1')).id;
  });
  afterAll(async () => {
    for (const client of clients) await client.close();
    await datacenter.close();
  });

  async function push(agentOf: string, system: string, data: Uint8Array, start = 0) {
    const { user, secret } = await datacenter.verifier.addAgent(agentOf);
    const url = datacenter.verifier.server.addresses[0]?.url ?? '';
    const transport = createHttpTransport({ url, user, password: secret ?? '' });
    clients.push(transport);
    const client = new WbemClient(transport, { namespace: 'root/tvdc' });
    const service = (await datacenter.verifierClient
      .instancePaths('TVDC_AttestationService')
      .first()) as CimInstancePath;
    const parameters = { SystemUUID: system, StartIndex: BigInt(start), Data: toBase64(data) };
    return client.invoke(service, 'SubmitMeasurements', parameters);
  }

  const logOf = (path: string, value: number): Uint8Array => {
    const log = createImaLog();
    log.measure({ path, digest: { algorithm: 'sha256', value: new Uint8Array(32).fill(value) } });
    return log.toBinary();
  };
  const status = () => datacenter.verifier.verifier.status({ kind: 'vm', uuid: vm }).verdict;

  test('may send for their own system only, and read nothing', async () => {
    await expect(push('99999999-9999-4999-8999-999999999999', vm, logOf('/x', 1))).rejects.toThrow(
      errorLike({ status: 2 }),
    );
  });

  test('change nothing with good ones: neither trust nor validity', async () => {
    const before = status();
    const { returnValue } = await push(vm, vm, (await datacenter.log('ma-1')).subarray(0, 0));
    expect(returnValue).toBe(0);
    expect(status()).toEqual(before);
  });

  test('make a verdict untrusted with known-bad ones, until a challenge has decided', async () => {
    const { references, verifier } = datacenter.verifier;
    const digest = '07'.repeat(32);
    await references.createSet('malware');
    await references.add(workloadReferences, [{ algorithm: 'sha256', digest, path: null, status: 'bad' }]);
    const { out, returnValue } = await push(vm, vm, logOf('/tmp/evil', 7), 5000);
    expect(returnValue).toBe(0);
    expect(out['Explanation']).toContain('known to be bad');
    const pushed = verifier
      .history({ kind: 'vm', uuid: vm }, 5)
      .find(({ reasons }) => reasons.some(({ code }) => code === 'unproven'));
    expect(pushed?.status).toBe('untrusted');
    await until(() => status()?.mode === 'quoted');
    expect(status()?.status).toBe('trusted');
  });

  test('are refused what is too large, too much or no measurement list', async () => {
    await expect(push(vm, vm, new Uint8Array(5000))).rejects.toThrow(errorLike({ status: 4 }));
    expect((await push(vm, vm, Buffer.from('no list at all, no list at all'))).returnValue).not.toBe(0);
    const flood = async (): Promise<void> => {
      for (let n = 0; n < 10; n++) await push(vm, vm, new Uint8Array(0));
    };
    await expect(flood()).rejects.toThrow(errorLike({ status: 1 }));
  });
});

describe('planned actions', () => {
  test('are carried out over CIM, checked and recorded: a high VM loses its network and is stopped', async () => {
    const datacenter = await AttestedDatacenter.open();
    try {
      await datacenter.host.requestState('ma-1', 'start');
      await datacenter.believe('ma-1');
      await datacenter.host.requestState('ma-2', 'start');
      const { references, verifier } = datacenter.verifier;
      for await (const batch of references.list(workloadReferences)) {
        const script = batch.find(({ path }) => path === '/srv/workload/start.sh');
        if (script !== undefined)
          await references.annotate(workloadReferences, { digest: script.digest }, { status: 'bad' });
      }
      await datacenter.attest('ma-1');
      const subject = await subjectOf(datacenter, 'ma-1');
      const { verdict } = verifier.status(subject);
      if (verdict === null) throw new Error('no verdict');
      expect(verdict.status).toBe('untrusted');
      const now = systemClock.now();
      const dry = await carryOut(datacenter.host, 'ma-1', verdict, 'high', { now, dryRun: true });
      expect(dry.every(({ outcome }) => outcome === 'left')).toBe(true);
      expect((await datacenter.host.vm('ma-1')).state).toBe('running');
      const records = await carryOut(datacenter.host, 'ma-1', verdict, 'high', { now, dryRun: false });
      const outcomes = Object.fromEntries(records.map(({ action, outcome }) => [action, outcome]));
      expect(outcomes).toMatchObject({ quarantine: 'done', stop: 'done', notify: 'left' });
      expect((await datacenter.host.vm('ma-1')).state).toBe('off');
    } finally {
      await datacenter.close();
    }
  });
});

test('verdicts end with their time even if nobody looks', async () => {
  const clock = new ManualClock(Date.now());
  const datacenter = await AttestedDatacenter.open({ clock });
  try {
    await datacenter.host.requestState('ma-1', 'start');
    await datacenter.believe('ma-1');
    expect((await datacenter.attest('ma-1')).status).toBe('trusted');
    const subject = await subjectOf(datacenter, 'ma-1');
    clock.advance(11 * 60_000);
    const { verdict, lastTrusted } = datacenter.verifier.verifier.status(subject);
    expect(verdict?.status).toBe('stale');
    expect(lastTrusted).not.toBeNull();
  } finally {
    await datacenter.close();
  }
});
