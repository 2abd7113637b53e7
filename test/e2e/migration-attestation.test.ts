import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesOfImaLog } from '../../src/attestation/index.js';
import { fromBase64 } from '../../src/base/index.js';
import type { CimInstancePath } from '../../src/cim/index.js';
import { createHttpTransport, WbemClient } from '../../src/client/index.js';
import { completed, outText } from '../../src/client/management/index.js';
import {
  defaultPolicies,
  hostReferences,
  openVerifierHost,
  type VerifierHost,
  workloadReferences,
} from '../../src/host/verifier/index.js';
import { migrate, openRealPair, type RealHost, type RealPair } from './support/two-hosts.js';

let pair: RealPair;
let verifier: VerifierHost;
let challenger: WbemClient;
let closeChallenger: () => Promise<void>;

beforeAll(async () => {
  pair = await openRealPair();
  verifier = await openVerifierHost({
    folder: join(pair.folder, 'verifier'),
    name: 'verifier',
    anchors: [{ certificate: pair.a.vm.trustAnchor, assurance: 'simulated' }],
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' }],
    lookInterval: 0,
  });
  for (const { client } of [pair.a, pair.b]) await verifier.watch({ client, policies: defaultPolicies(null) });
  const url = verifier.server.addresses[0]?.url ?? '';
  const transport = createHttpTransport({ url, user: 'admin', password: verifier.adminSecret ?? '' });
  closeChallenger = () => transport.close();
  challenger = new WbemClient(transport, { namespace: 'root/tvdc' });
  const passwordFile = join(pair.folder, 'verifier.secret');
  await writeFile(passwordFile, verifier.adminSecret ?? '');
  await pair.configure({ verifier: { url, user: 'admin', passwordFile } });
});
afterAll(async () => {
  await closeChallenger();
  await verifier.close();
  await pair.close();
});

/** Has the verifier challenge a machine on a host. */
async function attest(host: RealHost, name: string): Promise<string> {
  const service = (await challenger.instancePaths('TVDC_AttestationService').first()) as CimInstancePath;
  const System = (await host.host.vm(name)).path;
  const out = completed('Attest', await challenger.invoke(service, 'Attest', { Mode: 3, System }));
  const verdict = await challenger.getInstance(out['Verdict'] as CimInstancePath);
  const reasons = verdict.get('Reasons');
  return `${verdict.getString('Verdict')} ${Array.isArray(reasons) ? reasons.join() : ''}`;
}

/** The measurements of a system as its host shows them. */
async function logOf({ client }: RealHost, system: CimInstancePath): Promise<Uint8Array> {
  const link = { assocClass: 'TVDC_UseOfLog', resultClass: 'TVDC_MeasurementLog' };
  const log = (await client.associatorPaths(system, link).first()) as CimInstancePath;
  const out = completed(
    'GetMeasurements',
    await client.invoke(log, 'GetMeasurements', { StartIndex: 0n, MaxEntries: 0 }),
  );
  return fromBase64(outText(out, 'Data'));
}

/** Believes what both hosts and the machine have measured until now. */
async function believe(): Promise<void> {
  const { references } = verifier;
  await references.createSet(hostReferences);
  await references.createSet(workloadReferences);
  for (const side of [pair.a, pair.b]) {
    const path = (await side.host.system()).path as CimInstancePath;
    await references.add(hostReferences, entriesOfImaLog(await logOf(side, path)));
  }
  const { path } = await pair.a.host.vm('ma-1');
  await references.add(workloadReferences, entriesOfImaLog(await logOf(pair.a, path)));
}

test('a destination that the verifier does not trust is sent nothing; a trusted one is', async () => {
  const { a, b } = pair;
  await a.host.requestState('ma-1', 'start');
  const refused = await migrate(a, 'ma-1', 'host-b');
  expect([refused.value, refused.out['ReasonCodes']]).toEqual([32768, ['host_not_trusted']]);
  expect(refused.out['Explanation']).toMatch(/The verifier says that host-b is no_policy/);
  expect(await a.host.vm('ma-1')).toMatchObject({ state: 'running' });
  await believe();
  expect(await attest(a, 'ma-1')).toMatch(/^trusted /);
  const { id } = await a.host.vm('ma-1');
  expect(await migrate(a, 'ma-1', 'host-b')).toMatchObject({ value: 0 });
  // Nobody says what it is until it is challenged where it is now.
  await verifier.look();
  expect(verifier.verifier.status({ kind: 'vm', uuid: id }).verdict?.status).toBe('pending');
  expect(await attest(b, 'ma-1')).toMatch(/^trusted /);
  expect((await migrate(b, 'ma-1', 'host-a')).value).toBe(0);
  expect(await attest(a, 'ma-1')).toMatch(/^trusted /);
});

test('a verifier that cannot be asked counts as none', async () => {
  await pair.configure({
    verifier: { url: 'http://127.0.0.1:9', user: 'admin', passwordFile: join(pair.folder, 'verifier.secret') },
  });
  const { value, out } = await migrate(pair.a, 'ma-1', 'host-b');
  expect([value, out['Explanation']]).toEqual([32768, expect.stringMatching(/The verifier cannot say/)]);
});
