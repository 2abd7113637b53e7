import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodePolicyBinary, parsePolicyXml, samplePolicies, writePolicyJson } from '../../src/acm/index.js';
import { fromBase64, toBase64 } from '../../src/base/index.js';
import { type CimInstancePath, type CimValue } from '../../src/cim/index.js';
import type { WbemClient } from '../../src/client/index.js';
import { defineVm } from '../../src/client/management/index.js';
import { readCrl, swtpmAvailable, toPem } from '../../src/vtpm/index.js';
import { openSampleHost, type SampleHost } from './support/sample-host.js';

type Out = Readonly<Record<string, CimValue>>;

async function serviceOf(client: WbemClient, className: string): Promise<CimInstancePath> {
  const [path] = await client.enumerateInstanceNames(className);
  if (path === undefined) throw new Error(`no ${className}`);
  return path;
}

async function call(
  client: WbemClient,
  className: string,
  method: string,
  parameters: Readonly<Record<string, CimValue>>,
): Promise<{ readonly value: CimValue; readonly out: Out }> {
  const { returnValue, out } = await client.invoke(await serviceOf(client, className), method, parameters);
  return { value: returnValue, out };
}

const withSwtpm = (await swtpmAvailable()) ? test : test.skip;

let sample: SampleHost;
let client: WbemClient;

beforeAll(async () => {
  sample = await openSampleHost();
  ({ client } = sample.admin);
});
afterAll(() => sample.close());

describe('a draft', () => {
  const service = 'TVDC_SecurityPolicyService';
  let draft: CimInstancePath;
  const names = async (className: string): Promise<readonly string[]> => {
    const all = await client.associatorsOf(draft, { resultClass: className });
    return all.flatMap((item) => ('getString' in item ? [item.getString('ElementName') ?? ''] : [])).sort();
  };

  beforeAll(async () => {
    draft = (await sample.admin.host.importPolicy(writePolicyJson(samplePolicies['tvdc-sample 1.0']), 'json')).policy;
  });

  test('is written in all forms, and read from those that name types and labels', async () => {
    const { host } = sample.admin;
    const document = samplePolicies['tvdc-sample 1.0'];
    expect(await host.exportPolicy(draft, 'json')).toBe(writePolicyJson(document));
    expect(parsePolicyXml(await host.exportPolicy(draft, 'xml'))).toMatchObject({ name: 'tvdc-sample' });
    const binary = await host.exportPolicy(draft, 'binary');
    expect(binary).toBe(toBase64(encodePolicyBinary(document)));
    await expect(call(client, service, 'ImportPolicy', { Document: binary, Format: 4 })).rejects.toThrow(
      /binary form has no names/,
    );
    await expect(call(client, service, 'ExportPolicy', { Policy: draft, Format: 5 })).rejects.toMatchObject({
      status: 4,
    });
  });

  test('gets a label with types that it did not know, and loses it again', async () => {
    const made = await call(client, service, 'CreateLabel', {
      Name: 'HR',
      Kind: 2,
      Types: ['HR'],
      ChineseWallTypes: ['HR'],
      Policy: draft,
    });
    expect(made.value).toBe(0);
    expect(await names('TVDC_SecurityLabel')).toContain('HR');
    const label = made.out['Label'] as CimInstancePath;
    expect((await client.getInstance(label)).get('ChineseWallTypes')).toEqual(['HR']);
    const again = { Name: 'HR', Kind: 2, Types: ['HR'], Policy: draft };
    expect((await call(client, service, 'CreateLabel', again)).value).toBe(5);
    expect((await call(client, service, 'DeleteLabel', { Label: label })).value).toBe(0);
    expect(await names('TVDC_SecurityLabel')).not.toContain('HR');
    await expect(call(client, service, 'DeleteLabel', { Label: label })).rejects.toMatchObject({ status: 6 });
  });

  test('gives a resource exactly one type', async () => {
    const label = { Name: 'HR', Kind: 3, Policy: draft };
    expect((await call(client, service, 'CreateLabel', { ...label, Types: ['HR', 'MA'] })).value).toBe(5);
    expect((await call(client, service, 'CreateLabel', { ...label, Types: ['HR'] })).value).toBe(0);
  });

  test('gets a conflict set of declared types only', async () => {
    const wrong = { Name: 'odd', Types: ['MA', 'nobody'], Policy: draft };
    const refused = await call(client, service, 'CreateConflictSet', wrong);
    expect([refused.value, refused.out['Explanation']]).toEqual([32771, expect.stringContaining('nobody')]);
    const made = await call(client, service, 'CreateConflictSet', {
      Name: 'MA-SU',
      Types: ['MA', 'SU'],
      Policy: draft,
    });
    expect(made.value).toBe(0);
    expect(await names('TVDC_ConflictSet')).toEqual(['MA-SU']);
    const set = made.out['ConflictSet'] as CimInstancePath;
    expect((await client.getInstance(set)).get('Types')).toEqual(['MA', 'SU']);
    expect((await call(client, service, 'DeleteConflictSet', { ConflictSet: set })).value).toBe(0);
    expect(await names('TVDC_ConflictSet')).toEqual([]);
  });

  test('does not change any more once it is deployed', async () => {
    await sample.admin.host.deployPolicy(draft);
    const late = { Name: 'late', Kind: 2, Types: ['MA'], Policy: draft };
    const { value, out } = await call(client, service, 'CreateLabel', late);
    expect([value, out['Explanation']]).toEqual([4, expect.stringContaining('deployed')]);
    expect(await names('TVDC_SecurityLabel')).not.toContain('late');
  });
});

describe('a virtual TPM', () => {
  const service = 'TVDC_VirtualTPMService';
  const tpmOf = async (of: WbemClient, vm: string): Promise<CimInstancePath | undefined> =>
    (await of.enumerateInstances('TVDC_VirtualTPM')).find((tpm) => tpm.getString('ElementName') === `TPM of ${vm}`)
      ?.path ?? undefined;

  test('is reset, destroyed and made again while its machine is off', async () => {
    const vm = (await sample.admin.host.vm('ms-1')).path;
    const before = (await tpmOf(client, 'ms-1')) as CimInstancePath;
    const name = (await client.getInstance(before)).getString('EKName');
    expect((await call(client, service, 'ResetTPM', { TPM: before })).value).toBe(0);
    // A reset clears what the owner had; the endorsement key, and with it the certificate, stays.
    expect((await client.getInstance(before)).getString('EKName')).toBe(name);
    expect((await call(client, service, 'DestroyTPM', { TPM: before })).value).toBe(0);
    expect(await tpmOf(client, 'ms-1')).toBeUndefined();
    expect((await call(client, service, 'CreateTPM', { System: vm })).value).toBe(0);
    const made = (await tpmOf(client, 'ms-1')) as CimInstancePath;
    expect((await client.getInstance(made)).getString('EKName')).not.toBe(name);
  });

  test('goes to another host of the datacenter, once, and is no longer usable here', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tvdc-target-'));
    // Hosts of one datacenter have certificates of one root.
    await cp(join(sample.folder, 'ca', 'root'), join(folder, 'ca', 'root'), { recursive: true });
    const target = await openSampleHost({ folder });
    try {
      const { id } = await sample.admin.host.vm('ma-2');
      const tpm = (await tpmOf(client, 'ma-2')) as CimInstancePath;
      const name = (await client.getInstance(tpm)).getString('EKName');
      const there = target.admin.client;
      const offer = (await call(there, service, 'PrepareImport', { SystemUUID: id })).out;
      const parameters = { ImportKey: offer['ImportKey'] ?? null, Nonce: offer['Nonce'] ?? null, TPM: tpm };
      expect((await call(client, service, 'ExportTPM', { ...parameters, Nonce: 'AAAA' })).value).toBe(5);
      const exported = await call(client, service, 'ExportTPM', parameters);
      expect(exported.value).toBe(0);
      expect((await client.getInstance(tpm)).getString('State')).toBe('migrated');
      expect((await call(client, service, 'ExportTPM', parameters)).value).toBe(4);

      const { path: system } = await defineVm(target.admin.host, { name: 'moved', uuid: id, tpm: false });
      const state = exported.out['State'] ?? null;
      const taken = await call(there, service, 'ImportTPM', { State: state, System: system });
      expect(taken.value).toBe(0);
      expect((await there.getInstance(taken.out['TPM'] as CimInstancePath)).getString('EKName')).toBe(name);
      expect((await call(there, service, 'ImportTPM', { State: state, System: system })).value).toBe(4);

      const again = await call(client, service, 'RecoverTPM', { TPM: tpm });
      expect([again.value, (await client.getInstance(tpm)).getString('State')]).toEqual([0, 'off']);
      const twice = await call(client, service, 'RecoverTPM', { TPM: tpm });
      expect([twice.value, twice.out['Explanation']]).toEqual([4, expect.stringContaining('is off')]);
      const { entries } = sample.vm.parts.journal.read({ after: 0, limit: 1000, kinds: ['vtpm'] });
      expect(entries).toContainEqual(expect.objectContaining({ subject: id, facts: { change: 'recover vTPM' } }));
    } finally {
      await target.close();
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('gets another certificate for the same key', async () => {
    const tpm = (await tpmOf(client, 'su-1')) as CimInstancePath;
    const certificate = async () => {
      const [own] = await client.associatorsOf(tpm, { resultClass: 'TVDC_Certificate' });
      return new X509Certificate(own !== undefined && 'getString' in own ? (own.getString('PEM') ?? '') : '');
    };
    const before = await certificate();
    expect((await call(client, service, 'RenewCertificate', { TPM: tpm })).value).toBe(0);
    const after = await certificate();
    expect(after.serialNumber).not.toBe(before.serialNumber);
    expect(after.publicKey.equals(before.publicKey)).toBe(true);
  });

  test('loses its certificate to a list that openssl reads too, when it is certified anew or somebody says so', async () => {
    const authority = 'TVDC_CertificateAuthority';
    const folder = await mkdtemp(join(tmpdir(), 'tvdc-e2e-crl-'));
    const tpm = (await tpmOf(client, 'su-1')) as CimInstancePath;
    const file = (name: string): string => join(folder, name);
    const fetchLists = async (): Promise<readonly Uint8Array[]> => {
      const { out } = await call(client, authority, 'GetRevocationLists', {});
      return (out['Lists'] as readonly string[]).map(fromBase64);
    };
    const certificate = async (): Promise<string> => {
      const [own] = await client.associatorsOf(tpm, { resultClass: 'TVDC_Certificate' });
      return own !== undefined && 'getString' in own ? (own.getString('PEM') ?? '') : '';
    };
    const judge = async (pem: string): Promise<string> => {
      const [own, root] = (await fetchLists()).map((list) => toPem(list, 'X509 CRL'));
      const all = await client.enumerateInstances('TVDC_Certificate');
      const cas = all.filter((item) => new X509Certificate(item.getString('PEM') ?? '').ca);
      await writeFile(file('cas.pem'), `${cas.map((item) => item.getString('PEM') ?? '').join('')}${own}${root}`);
      await writeFile(file('leaf.pem'), pem);
      const args = ['verify', '-crl_check_all', '-CAfile', file('cas.pem'), file('leaf.pem')];
      return promisify(execFile)('openssl', args).then(
        ({ stdout }) => stdout,
        (error: { readonly stderr?: string }) => error.stderr ?? '',
      );
    };
    try {
      const first = await certificate();
      expect(await judge(first)).toContain('OK');
      expect((await call(client, service, 'RenewCertificate', { TPM: tpm })).value).toBe(0);
      expect(await judge(first)).toContain('certificate revoked');
      const second = await certificate();
      expect(await judge(second)).toContain('OK');
      const { serialNumber } = new X509Certificate(second);
      const reason = { Certificate: serialNumber, Reason: 'keyCompromise' };
      expect((await call(client, authority, 'RevokeCertificate', reason)).value).toBe(0);
      expect(await judge(second)).toContain('certificate revoked');
      const entry = readCrl((await fetchLists())[0] as Uint8Array).revoked.get(serialNumber.toLowerCase());
      expect(entry?.reason).toBe('keyCompromise');
      for (const bad of [{ Certificate: 'x' }, { Certificate: '01', Reason: 'boredom' }, {}]) {
        await expect(call(client, authority, 'RevokeCertificate', bad)).rejects.toMatchObject({ status: 4 });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is left alone while its machine runs', async () => {
    const { host } = sample.admin;
    await host.enablePolicy((await host.policy('tvdc-sample 1.0')).path as CimInstancePath);
    for (const element of ['ma-1', 'ma-1-disk', 'vlan:100']) await host.assignLabel(element, 'MA', '');
    await host.requestState('ma-1', 'start');
    const tpm = (await tpmOf(client, 'ma-1')) as CimInstancePath;
    const { value, out } = await call(client, service, 'DestroyTPM', { TPM: tpm });
    expect([value, out['Explanation']]).toEqual([4097, expect.stringContaining('running')]);
    expect((await client.getInstance(tpm)).getString('State')).toBe('running');
  });

  withSwtpm('of the family 1.2 quotes, says that it is worth less, and answers no challenge for TPM 2.0', async () => {
    const { host } = sample.admin;
    const vm = (await host.vm('ma-2')).path;
    const former = (await tpmOf(client, 'ma-2')) as CimInstancePath;
    expect((await call(client, service, 'DestroyTPM', { TPM: former })).value).toBe(0);
    expect((await call(client, service, 'CreateTPM', { Family: '3.0', System: vm })).value).toBe(5);
    expect((await call(client, service, 'CreateTPM', { Family: '1.2', System: vm })).value).toBe(0);
    const tpm = (await tpmOf(client, 'ma-2')) as CimInstancePath;
    const instance = await client.getInstance(tpm);
    expect([instance.getString('Family'), instance.get('Banks')]).toEqual(['1.2', ['sha1']]);
    for (const element of ['ma-2', 'ma-2-disk']) await host.assignLabel(element, 'MA', '');
    await host.requestState('ma-2', 'start');
    const nonce = Buffer.alloc(20, 3);
    for (const Scheme of ['TPM_Quote', 'TPM_Quote2']) {
      const asked = { Nonce: toBase64(nonce), Selection: 'sha1:0-10', Scheme };
      const { returnValue, out } = await client.invoke(tpm, 'Quote', asked);
      expect([returnValue, out['Explanation']]).toEqual([0, expect.stringContaining('SHA-1')]);
      const [info, signature, key] = ['Quoted', 'Signature', 'AKPublic'].map((name) => fromBase64(out[name] as string));
      const aik = createPublicKey({ key: Buffer.from(key as Uint8Array), format: 'der', type: 'spki' });
      expect(verify('sha1', info as Uint8Array, aik, signature as Uint8Array)).toBe(true);
      expect(Buffer.from(info as Uint8Array).includes(nonce)).toBe(true);
    }
    for (const bad of [{ Nonce: 'AA==' }, { Selection: 'sha256:0' }, { Scheme: 'RSAPSS' }]) {
      const asked = { Nonce: toBase64(nonce), Selection: 'sha1:0-10', ...bad };
      await expect(client.invoke(tpm, 'Quote', asked)).rejects.toMatchObject({ status: 4 });
    }
    const pcrs = await client.associatorsOf(tpm, { resultClass: 'TVDC_PCR' });
    expect(pcrs).toHaveLength(24);
    const identity = await client.invoke(tpm, 'GetIdentity', {});
    expect([identity.returnValue, identity.out['Explanation']]).toEqual([1, expect.stringContaining('TPM 1.2')]);
  });
});
