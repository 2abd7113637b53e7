import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificationRequest } from 'pkijs';
import { ManualClock } from '../../../src/base/index.js';
import { createTpmClient, ekEccTemplate, ekRsaTemplate, type PublicArea } from '../../../src/tpm/index.js';
import {
  certificateOids,
  createServerCertificate,
  type DatacenterRoot,
  type HostAuthority,
  openDatacenterRoot,
  openHostAuthority,
  readCertificate,
  readCrl,
  toPem,
  verifyChain,
} from '../../../src/vtpm/certificates/index.js';
import { createSoftwareTpm } from '../../../src/vtpm/software/index.js';

const host = { hostUuid: '11111111-1111-4111-8111-111111111111', hostEkHash: 'ab'.repeat(32) };
const virtualTpm = {
  backend: 'software',
  vmUuid: '22222222-2222-4222-8222-222222222222',
  vtpmUuid: '33333333-3333-4333-8333-333333333333',
};
const now = Date.now();
let folder: string;
let root: DatacenterRoot;
let authority: HostAuthority;
let ekEcc: PublicArea;
let ekRsa: PublicArea;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tvdc-certificates-'));
  root = await openDatacenterRoot({ folder: join(folder, 'root') });
  authority = await openHostAuthority({ folder: join(folder, 'host'), host, certify: root.certifyHost });
  const client = createTpmClient(createSoftwareTpm());
  await client.startup('clear');
  ekEcc = (await client.createPrimary('endorsement', ekEccTemplate)).publicArea;
  ekRsa = (await client.createPrimary('endorsement', ekRsaTemplate)).publicArea;
});

afterAll(() => rm(folder, { recursive: true }));

const chainOf = (ek: Uint8Array) => [ek, ...authority.chain];
const codeOf = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'no error';
};

test('an EK certificate names TPM, back end, VM and host, and its chain ends at the root', () => {
  const ek = authority.issueEk({ ekPublic: ekEcc, virtualTpm });
  const path = verifyChain(chainOf(ek), [root.certificate], { now, purpose: certificateOids.ekCertificate });
  expect(path).toHaveLength(3);
  const [leaf, issuer] = path;
  expect(leaf).toMatchObject({
    virtualTpm,
    keyUsage: ['keyAgreement'],
    extendedKeyUsage: ['2.23.133.8.1'],
    tpmModel: { manufacturer: 'id:54564443', model: 'tvdc', version: 'id:00010000' },
    tpmSpecification: { family: '2.0', level: 0, revision: 164 },
    isCa: false,
    notAfter: Date.UTC(9999, 11, 31, 23, 59, 59),
  });
  expect(issuer).toMatchObject({
    host,
    isCa: true,
    pathLength: 0,
    subject: `O=Trusted Virtual Datacenter, CN=Host ${host.hostUuid}`,
  });
});

test('OpenSSL verifies the chains of ECC and RSA endorsement keys and the revocation lists', async () => {
  const anchor = join(folder, 'anchor.pem');
  const middle = join(folder, 'middle.pem');
  const lists = join(folder, 'lists.pem');
  await writeFile(anchor, toPem(root.certificate));
  await writeFile(middle, toPem(authority.chain[0]!));
  await writeFile(lists, toPem(root.crl(), 'X509 CRL') + toPem(authority.crl(), 'X509 CRL'));
  for (const ekPublic of [ekEcc, ekRsa]) {
    const leaf = join(folder, 'leaf.pem');
    await writeFile(leaf, toPem(authority.issueEk({ ekPublic, virtualTpm })));
    const text = execFileSync('openssl', [
      'verify',
      '-x509_strict',
      '-crl_check_all',
      '-CRLfile',
      lists,
      '-CAfile',
      anchor,
      '-untrusted',
      middle,
      leaf,
    ]);
    expect(text.toString()).toMatch(/: OK/);
  }
});

test('a certificate that is altered, expired, revoked or not from the root is refused with its reason', async () => {
  const ek = authority.issueEk({ ekPublic: ekEcc, virtualTpm, days: 10 });
  const altered = Uint8Array.from(ek);
  altered[altered.length - 5]! ^= 1;
  expect(codeOf(() => verifyChain(chainOf(altered), [root.certificate], { now }))).toBe('certificate_signature');
  expect(codeOf(() => verifyChain(chainOf(ek), [root.certificate], { now: now + 11 * 86_400_000 }))).toBe(
    'certificate_expired',
  );
  expect(codeOf(() => verifyChain(chainOf(ek), [root.certificate], { now: now - 86_400_000 }))).toBe(
    'certificate_not_yet_valid',
  );
  expect(codeOf(() => verifyChain([ek], [root.certificate], { now }))).toBe('certificate_untrusted');
  expect(codeOf(() => verifyChain([ek, root.certificate], [root.certificate], { now }))).toBe('certificate_issuer');
  const other = await openDatacenterRoot({ folder: join(folder, 'other') });
  expect(codeOf(() => verifyChain(chainOf(ek), [other.certificate], { now }))).toBe('certificate_untrusted');
  expect(codeOf(() => verifyChain(chainOf(ek), [root.certificate], { now, requireCrls: true }))).toBe('crl_missing');
  await authority.revoke(ek, 'superseded');
  const crls = [root.crl(), authority.crl()];
  expect(codeOf(() => verifyChain(chainOf(ek), [root.certificate], { now: Date.now(), crls, requireCrls: true }))).toBe(
    'certificate_revoked',
  );
  const serial = readCertificate(ek).serial;
  expect(readCrl(authority.crl()).revoked.get(serial)?.reason).toBe('superseded');
});

test('an issuing authority may not make further authorities', async () => {
  const below = await openHostAuthority({
    folder: join(folder, 'below'),
    host,
    certify: (request) => {
      const { subjectPublicKeyInfo } = CertificationRequest.fromBER(Uint8Array.from(request).buffer);
      const key = new Uint8Array(subjectPublicKeyInfo.toSchema().toBER());
      return Promise.resolve([authority.issueServer(key, ['x']), ...authority.chain]);
    },
  });
  const leaf = below.issueEk({ ekPublic: ekEcc, virtualTpm });
  expect(codeOf(() => verifyChain([leaf, ...below.chain], [root.certificate], { now }))).toBe('certificate_not_ca');
});

test('keys are kept, readable by their owner only, and the authority is renewed before it ends', async () => {
  expect((await stat(join(folder, 'root', 'root.key'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'host', 'issuer.key'))).mode & 0o777).toBe(0o600);
  const again = await openHostAuthority({
    folder: join(folder, 'host'),
    host,
    certify: () => Promise.reject(new Error('not asked')),
  });
  expect(again.certificate.fingerprint).toBe(authority.certificate.fingerprint);
  const later = new ManualClock(now + 1800 * 86_400_000);
  const renewed = await openHostAuthority({
    folder: join(folder, 'host'),
    host,
    certify: root.certifyHost,
    clock: later,
  });
  expect(renewed.certificate.fingerprint).not.toBe(authority.certificate.fingerprint);
  expect(renewed.certificate.publicKeyDer).toEqual(authority.certificate.publicKeyDer);
});

test('a server certificate has its names and addresses', () => {
  const { certificate } = createServerCertificate(['host.example', '127.0.0.1', '::1']);
  expect(readCertificate(certificate).names).toEqual(['host.example', '127.0.0.1', '0:0:0:0:0:0:0:1']);
});
