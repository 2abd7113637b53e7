import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore } from '../../../src/store/index.js';
import { parsePcrSelection, verifyQuoteSignature } from '../../../src/tpm/index.js';
import {
  openDatacenterRoot,
  openHostAuthority,
  openHostTpm,
  swtpmAvailable,
  verifyChain,
} from '../../../src/vtpm/index.js';

const backends = (await swtpmAvailable()) ? (['software', 'swtpm'] as const) : (['software'] as const);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tvdc-host-'));
});

afterEach(() => rm(folder, { recursive: true }));

test.each(backends)(
  'a %s in the place of the host TPM keeps its keys, starts with PCRs at zero and counts its boots',
  async (backend) => {
    const store = createMemoryStore();
    const first = await openHostTpm({ store, folder, backend });
    expect(first.backend).toBe(backend);
    await first.client.pcrExtend(13, [{ algorithm: 'sha256', digest: new Uint8Array(32) }]);
    const { resetCount } = await first.client.readClock();
    expect(await first.ekCertificate()).toBeNull();
    const root = await openDatacenterRoot({ folder: join(folder, 'root') });
    const host = { hostUuid: '11111111-1111-4111-8111-111111111111', hostEkHash: first.ekHash };
    const authority = await openHostAuthority({ folder: join(folder, 'ca'), host, certify: root.certifyHost });
    const virtualTpm = { backend, vmUuid: host.hostUuid, vtpmUuid: host.hostUuid };
    await first.storeEkCertificate(authority.issueEk({ ekPublic: first.keys.ekPublic, virtualTpm }));
    await first.close();

    const again = await openHostTpm({ store, folder, backend });
    expect(again.keys.ekName).toEqual(first.keys.ekName);
    expect(again.keys.akName).toEqual(first.keys.akName);
    expect((await again.client.readClock()).resetCount).toBe(resetCount + 1);
    const quoted = await again.client.quote(again.keys.akHandle, new Uint8Array(32), parsePcrSelection('sha256:13'));
    verifyQuoteSignature(quoted.bytes, quoted.signature, again.keys.akPublic);
    expect((await again.client.pcrRead(parsePcrSelection('sha256:13'))).values[0]!.digest).toEqual(new Uint8Array(32));
    const certificate = await again.ekCertificate();
    const [leaf, issuer] = verifyChain([certificate!, ...authority.chain], [root.certificate], { now: Date.now() });
    expect(leaf!.virtualTpm).toEqual(virtualTpm);
    expect(issuer!.host).toEqual(host);
    await again.close();
  },
);

test('a device that was asked for and is not there is an error, never a simulation', async () => {
  const opening = openHostTpm({ store: createMemoryStore(), folder, backend: 'device', device: '/dev/no-such-tpm' });
  await expect(opening).rejects.toMatchObject({ code: 'tpm_unavailable' });
});

test('automatic choice falls back to a simulation, and says which', async () => {
  const tpm = await openHostTpm({ store: createMemoryStore(), folder, backend: 'auto', device: '/dev/no-such-tpm' });
  expect(tpm.backend).toBe((await swtpmAvailable()) ? 'swtpm' : 'software');
  await tpm.close();
});
