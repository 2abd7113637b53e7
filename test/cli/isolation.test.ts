import { cpSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePolicies, writePolicyJson, writePolicyXml } from '../../src/acm/index.js';
import { type ManagementVm, openManagementVm } from '../../src/host/management-vm/index.js';
import { serveSoftwareTpm } from '../../src/vtpm/index.js';
import { type Outcome, run } from './run.js';

const policy = samplePolicies['tvdc-sample 1.0'];

/** The same policy, one version on, without the label SU. */
const next = {
  ...policy,
  version: { ...policy.version, text: '1.1', minor: 1 },
  fromPolicy: { name: policy.name, version: policy.version },
  vmLabels: policy.vmLabels.filter(({ name }) => name !== 'SU'),
};

const folder = mkdtempSync(join(tmpdir(), 'tvdc-cli-isolation-'));
const file = (name: string): string => join(folder, name);
let host: ManagementVm;
const at = (...argv: readonly string[]): readonly string[] => [...argv, '--url', host.server.addresses[0]?.url ?? ''];
const tvdc = (...argv: readonly string[]): Promise<Outcome> => run(...at(...argv), '--data', file('data'));
const json = async (...argv: readonly string[]): Promise<unknown> =>
  JSON.parse((await tvdc(...argv, '-o', 'json')).out) as unknown;

function open(data: string): Promise<ManagementVm> {
  return openManagementVm({
    folder: data,
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' }],
    vtpm: 'software',
    sample: true,
  });
}

beforeAll(async () => {
  writeFileSync(file('policy.json'), writePolicyJson(policy));
  writeFileSync(file('policy.xml'), writePolicyXml(policy));
  writeFileSync(file('next.json'), writePolicyJson(next));
  host = await open(file('data'));
  await tvdc('policy', 'import', file('policy.json'));
  await tvdc('policy', 'deploy', 'tvdc-sample', '1.0');
  await tvdc('policy', 'enable', 'tvdc-sample', '1.0');
  for (const [element, label] of [
    ['ma-1', 'MA'],
    ['ma-2', 'MA'],
    ['ma-1-disk', 'MA'],
    ['vlan:100', 'MA'],
    ['su-1', 'SU'],
    ['su-1-disk', 'SU'],
    ['vlan:200', 'SU'],
  ] as const) {
    expect((await tvdc('label', 'assign', element, label)).status).toBe(0);
  }
});
afterAll(async () => {
  await host.close();
  rmSync(folder, { recursive: true });
});

describe('tvdc policy', () => {
  test('shows what a policy says', async () => {
    expect(await json('policy', 'show', 'tvdc-sample', '1.0')).toMatchObject({
      name: 'tvdc-sample',
      state: 'enabled',
      bootstrap: 'SystemManagement',
      labels: expect.arrayContaining([{ kind: 'VM', name: 'MA', types: ['MA'], chineseWall: ['MA'] }]) as unknown,
    });
    const { out } = await tvdc('policy', 'show', 'tvdc-sample', '1.0');
    expect(out).toMatch(/^policy +tvdc-sample 1\.0, enabled$/m);
    expect(out).toMatch(/^MA +VM +MA +MA$/m);
    expect((await tvdc('policy', 'show', 'nobody', '1.0')).status).toBe(1);
  });

  test('verifies that the host enforces a document, in either form', async () => {
    expect(await json('policy', 'verify', file('policy.json'))).toMatchObject({ same: true, state: 'enabled' });
    expect((await tvdc('policy', 'verify', file('policy.xml'))).status).toBe(0);
    const other = await tvdc('policy', 'verify', file('next.json'));
    expect(other.status).toBe(1);
    expect(other.out).toMatch(/^! +version +1\.1 +1\.0$/m);
    expect((await tvdc('policy', 'verify', file('policy.json'), '--deployed')).status).toBe(1);
  });

  test('tells what changes between documents and policies of the host', async () => {
    expect(await tvdc('policy', 'diff', 'tvdc-sample:1.0', file('policy.xml'))).toMatchObject({
      status: 0,
      out: 'no difference\n',
    });
    const { status, out } = await tvdc('policy', 'diff', 'tvdc-sample:1.0', file('next.json'), '-o', 'json');
    expect(status).toBe(1);
    expect(JSON.parse(out)).toEqual(
      expect.arrayContaining([expect.objectContaining({ change: 'removed', kind: 'vm label', name: 'SU' })]),
    );
    expect((await tvdc('policy', 'diff', 'tvdc-sample:9.9', file('next.json'))).status).toBe(1);
  });

  test('plans: what would break now, what would be refused later', async () => {
    await tvdc('policy', 'import', file('next.json'));
    expect(await json('policy', 'enable', 'tvdc-sample', '1.1', '--plan')).toMatchObject({
      permitted: true,
      breaks: [],
      dormant: [expect.stringContaining('su-1 could not start')],
      invalidated: ['ACM:tvdc-sample:SU would not be defined any more: su-1'],
    });
    expect((await tvdc('vm', 'start', 'su-1')).status).toBe(0);
    try {
      const { status, out } = await tvdc('policy', 'enable', 'tvdc-sample', '1.1', '--plan');
      expect(status).toBe(1);
      expect(out).toMatch(/^tvdc-sample 1\.1 cannot be enabled now: .*\nwould break now:\n {2}.*su-1/);
      expect((await tvdc('policy', 'list')).out).toMatch(/^tvdc-sample +1\.0 +enabled/m);
    } finally {
      await tvdc('vm', 'stop', 'su-1');
    }
    expect((await tvdc('policy', 'enable', 'tvdc-sample', '7.0', '--plan')).status).toBe(1);
  });

  test('counts decisions', async () => {
    const before = (await json('policy', 'statistics')) as { readonly admissions: number };
    await tvdc('vm', 'start', 'ma-1');
    await tvdc('vm', 'stop', 'ma-1');
    expect(await json('policy', 'statistics')).toMatchObject({ admissions: before.admissions + 1 });
    expect((await tvdc('policy', 'statistics')).out).toMatch(
      /^admitted \d+, kept out \d+, left \d+; policy updates 1,/m,
    );
  });
});

describe('tvdc label', () => {
  test('prints who may share with whom', async () => {
    const { out } = await tvdc('label', 'matrix');
    expect(out).toMatch(/^MA +MA +-? */m);
    const matrix = (await json('label', 'matrix')) as {
      readonly rows: readonly { readonly name: string }[];
      readonly columns: readonly { readonly kind: string; readonly name: string }[];
      readonly common: readonly (readonly (readonly string[])[])[];
    };
    const row = (name: string): number => matrix.rows.findIndex((label) => label.name === name);
    const column = (name: string): number =>
      matrix.columns.findIndex((label) => label.kind === 'vm' && label.name === name);
    expect(matrix.common[row('MA')]?.[column('SU')]).toEqual([]);
    expect(matrix.common[row('MA')]?.[column('MA')]).toEqual(['MA']);
    const other = await tvdc('label', 'matrix', '--policy', 'tvdc-sample:1.1', '-o', 'ndjson');
    expect(other.out).not.toContain('"label":"SU"');
    expect((await tvdc('label', 'matrix', '--policy', 'oddly')).status).toBe(2);
  });

  test('adds labels to a draft and takes them out', async () => {
    const made = await tvdc('label', 'create', 'tvdc-sample:1.1', 'HR', '--types', 'HR', '--chinese-wall', 'HR');
    expect(made).toMatchObject({ status: 0, out: 'tvdc-sample 1.1 has the vm label HR now\n' });
    expect((await tvdc('policy', 'show', 'tvdc-sample', '1.1')).out).toMatch(/^HR +VM +HR +HR$/m);
    expect((await tvdc('label', 'create', 'tvdc-sample:1.0', 'HR', '--types', 'HR')).status).toBe(1);
    expect((await tvdc('label', 'delete', 'tvdc-sample:1.1', 'HR')).status).toBe(0);
    expect((await tvdc('label', 'delete', 'tvdc-sample:1.1', 'HR')).status).toBe(1);
    expect((await tvdc('label', 'create', 'tvdc-sample', 'HR', '--types', 'HR')).status).toBe(2);
  });

  test('tells what a virtual machine could reach', async () => {
    const reach = (await json('label', 'reach', 'ma-1')) as {
      readonly elements: readonly { readonly kind: string; readonly name: string }[];
    };
    const names = reach.elements.map(({ kind, name }) => `${kind} ${name}`).sort();
    expect(names).toEqual(['vlan vlan:100', 'vm ma-2', 'volume ma-1-disk']);
    expect(reach).toMatchObject({
      vm: 'ma-1',
      label: 'ACM:tvdc-sample:MA',
      throughTrusted: expect.arrayContaining(['ACM:tvdc-sample:SU']) as unknown,
    });
    expect((await tvdc('explain', 'ma-1', '--reach')).out).toMatch(/^vm +ma-2 +ACM:tvdc-sample:MA +MA /m);
    expect((await tvdc('label', 'reach', 'ms-1')).status).toBe(1);
  });
});

describe('tvdc vtpm', () => {
  test('resets, destroys and makes the TPM of a machine that is off', async () => {
    const before = await tvdc('vtpm', 'cert', 'ma-2');
    expect(before.out).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
    expect((await tvdc('vtpm', 'reset', 'ma-2')).status).toBe(0);
    expect((await tvdc('vtpm', 'destroy', 'ma-2')).out).toBe('ma-2 has no virtual TPM any more\n');
    expect((await tvdc('vtpm', 'cert', 'ma-2')).status).toBe(1);
    expect((await tvdc('vtpm', 'create', 'ma-2')).status).toBe(0);
    expect((await tvdc('vtpm', 'create', 'ma-2')).status).toBe(1);
    expect((await tvdc('vtpm', 'cert', 'ma-2')).out).not.toBe(before.out);
    const chain = (await json('vtpm', 'cert', 'ma-2', '--chain')) as readonly { readonly subject: string }[];
    expect(chain.length).toBe(3);
    const written = await tvdc('vtpm', 'cert', 'ma-2', '--chain', '--file', file('chain.pem'));
    expect(written.out).toBe(`3 in ${file('chain.pem')}\n`);
  });

  test('leaves the TPM of a running machine alone', async () => {
    await tvdc('vm', 'start', 'ma-1');
    try {
      for (const verb of ['reset', 'destroy']) expect((await tvdc('vtpm', verb, 'ma-1')).status).toBe(1);
      const refused = await run('vtpm', 'extend', 'ma-1', '10', '--digest', '00'.repeat(32));
      expect([refused.status, refused.out]).toEqual([1, '']);
      expect(refused.notes).toContain('extended by that machine alone');
    } finally {
      await tvdc('vm', 'stop', 'ma-1');
    }
  });

  test('exports only for an offer of another host', async () => {
    const { id } = ((await json('vm', 'list')) as readonly { readonly name: string; readonly id: string }[]).find(
      ({ name }) => name === 'ma-1',
    ) ?? { id: '' };
    expect((await tvdc('vtpm', 'prepare', id, '--file', file('offer.json'))).status).toBe(1);
    const elsewhere = '99999999-9999-4999-8999-999999999999';
    expect((await tvdc('vtpm', 'prepare', elsewhere, '--file', file('offer.json'))).status).toBe(0);
    expect(host.parts.journal.read({ after: 0, limit: 1000, kinds: ['vtpm'] }).entries).toContainEqual(
      expect.objectContaining({ actor: 'admin', subject: elsewhere, facts: { change: 'prepare import' } }),
    );
    const words = ['vtpm', 'export', 'ma-1', '--offer', file('offer.json'), '--file', file('tpm.bin')];
    expect((await tvdc(...words)).notes).toContain('offer is for another VM');
    expect((await tvdc('vtpm', 'export', 'ma-1', '--offer', file('policy.json'), '--file', 'x')).status).toBe(2);
    expect((await tvdc('vtpm', 'import', 'ma-1', '--file', file('policy.json'))).status).toBe(1);
  });

  test('moves a TPM to another host of the datacenter; one that never came is taken back', async () => {
    // Hosts of one datacenter have certificates of one root.
    cpSync(join(file('data'), 'ca', 'root'), join(file('target'), 'ca', 'root'), { recursive: true });
    const target = await open(file('target'));
    const there = (...argv: readonly string[]) =>
      run(...argv, '--url', target.server.addresses[0]?.url ?? '', '--data', file('target'));
    try {
      const { id } = (await json('vm', 'show', 'ma-2')) as { readonly id: string };
      const moved = host.parts.inventory.vm(id);
      if (moved === undefined) throw new Error('no VM');
      const send = async (name: string) => {
        expect((await there('vtpm', 'prepare', id, '--file', file(`${name}.json`))).status).toBe(0);
        return tvdc('vtpm', 'export', 'ma-2', '--offer', file(`${name}.json`), '--file', file(`${name}.tpm`));
      };
      expect((await send('lost')).status).toBe(0);
      expect((await tvdc('vtpm', 'reset', 'ma-2')).notes).toContain('was exported');
      expect((await tvdc('vtpm', 'recover', 'ma-2')).out).toBe('the virtual TPM of ma-2 is usable here again\n');
      expect((await tvdc('vtpm', 'recover', 'ma-2')).status).toBe(1);
      const before = (await tvdc('vtpm', 'cert', 'ma-2')).out;
      expect((await tvdc('vtpm', 'renew', 'ma-2')).out).toBe('the virtual TPM of ma-2 has a new certificate\n');
      expect((await tvdc('vtpm', 'cert', 'ma-2')).out).not.toBe(before);

      expect((await send('sent')).status).toBe(0);
      // What a migration records before the TPM comes.
      const record = { ...moved, name: 'moved', disks: [], ports: [] };
      await target.parts.inventory.change((change) => change.putVm(record));
      const took = await there('vtpm', 'import', 'moved', '--file', file('sent.tpm'));
      expect([took.status, took.out]).toEqual([0, 'moved has its virtual TPM here now\n']);
      expect((await there('vtpm', 'import', 'moved', '--file', file('sent.tpm'))).status).toBe(1);
    } finally {
      await target.close();
    }
  });

  test('extends a TPM that is served alone', async () => {
    const served = await serveSoftwareTpm({ port: 0, folder: file('tpm') });
    try {
      const tpm = `127.0.0.1:${served.port}`;
      const once = await run('vtpm', 'extend', tpm, '16', '--file', file('policy.json'), '-o', 'json');
      expect(JSON.parse(once.out)).toMatchObject({ bank: 'sha256', index: 16 });
      const { out } = await run('vtpm', 'extend', tpm, '16', '--digest', '00'.repeat(32));
      expect(out).toMatch(/^[0-9a-f]{64}\n$/);
      expect(out).not.toContain((JSON.parse(once.out) as { readonly value: string }).value);
      expect((await run('vtpm', 'extend', tpm, '24', '--digest', '00'.repeat(32))).status).toBe(2);
      expect((await run('vtpm', 'extend', tpm, '16', '--digest', '00')).status).toBe(2);
      expect((await run('vtpm', 'extend', tpm, '16')).status).toBe(2);
    } finally {
      await served.close();
    }
    expect((await run('vtpm', 'extend', `127.0.0.1:${served.port}`, '16', '--digest', '00'.repeat(32))).status).toBe(3);
  });
});

describe('tvdc user and role', () => {
  const as = (user: string, ...argv: readonly string[]): Promise<Outcome> =>
    run(...at(...argv), '--user', user, '--password-file', file(`${user}.secret`));

  test('make an account that may do nothing until it has a role', async () => {
    const made = await tvdc('user', 'create', 'alice', '--secret-file', file('alice.secret'));
    expect(made.out).toBe(`the secret of alice is in ${file('alice.secret')}\n`);
    expect(statSync(file('alice.secret')).mode & 0o777).toBe(0o600);
    expect((await tvdc('user', 'create', 'alice')).status).toBe(1);
    expect((await tvdc('user', 'list')).out).toMatch(/^alice +-$/m);
    expect((await as('alice', 'vm', 'list')).status).not.toBe(0);
    expect((await tvdc('role', 'grant', 'alice', 'observer')).status).toBe(0);
    expect((await as('alice', 'vm', 'list')).status).toBe(0);
    expect((await tvdc('role', 'list')).out).toMatch(/^alice +observer +all +all$/m);
    expect((await tvdc('user', 'list')).out).toMatch(/^alice +observer$/m);
  });

  test('are the administrator\u2019s alone', async () => {
    for (const words of [
      ['user', 'create', 'bob'],
      ['user', 'secret', 'admin', '--generate'],
      ['user', 'remove', 'admin'],
      ['role', 'grant', 'alice', 'datacenter-admin'],
    ]) {
      expect((await as('alice', ...words)).status).toBe(4);
    }
    expect((await tvdc('user', 'list')).out).not.toContain('bob');
  });

  test('change secrets; the old one does not open any more', async () => {
    const random = (await json('user', 'secret', 'alice', '--generate')) as { readonly secret: string };
    expect(random.secret.length).toBeGreaterThan(20);
    expect((await as('alice', 'vm', 'list')).status).toBe(3);
    writeFileSync(file('alice.secret'), 'correct horse battery\n');
    expect((await tvdc('user', 'secret', 'alice', '--secret-file', file('alice.secret'))).status).toBe(0);
    expect((await as('alice', 'vm', 'list')).status).toBe(0);
    writeFileSync(file('short.secret'), 'short\n');
    expect((await tvdc('user', 'secret', 'alice', '--secret-file', file('short.secret'))).status).toBe(1);
    expect((await tvdc('user', 'secret', 'alice')).status).toBe(2);
    expect((await tvdc('user', 'secret', 'nobody', '--generate')).status).toBe(1);
    const { entries } = host.parts.journal.read({ after: 0, limit: 1000 });
    expect(JSON.stringify(entries)).toContain('set secret');
    for (const secret of [random.secret, 'correct horse']) expect(JSON.stringify(entries)).not.toContain(secret);
  });

  test('take roles and accounts away', async () => {
    await tvdc('role', 'grant', 'alice', 'tvdc-admin');
    expect((await tvdc('role', 'revoke', 'alice', 'observer')).status).toBe(0);
    expect((await tvdc('role', 'revoke', 'alice', 'observer')).status).toBe(1);
    expect((await tvdc('user', 'remove', 'admin')).status).toBe(1);
    expect((await tvdc('user', 'remove', 'alice')).status).toBe(0);
    expect((await tvdc('role', 'list')).out).not.toContain('alice');
    expect((await as('alice', 'vm', 'list')).status).toBe(3);
    expect((await tvdc('user', 'remove', 'alice')).status).toBe(1);
  });
});
