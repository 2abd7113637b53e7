import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeIf } from '../support/parts.js';
import { sharedFolder } from '../support/shared.js';
import { run } from './run.js';

const sample = {
  name: 'tvdc-sample',
  version: '1.0',
  from_policy: null,
  ste_types: ['SystemManagement', 'MA', 'SU', 'MS'],
  chwall_types: ['SystemManagement', 'MA', 'SU', 'MS'],
  chwall_primary: true,
  conflict_sets: [],
  bootstrap: 'SystemManagement',
  vm_labels: [
    { name: 'SystemManagement', ste: ['SystemManagement', 'MA', 'SU'], chwall: ['SystemManagement'] },
    { name: 'HostMA', ste: ['SystemManagement', 'MA'], chwall: ['SystemManagement'] },
    { name: 'MA', ste: ['MA'], chwall: ['MA'] },
    { name: 'SU', ste: ['SU'], chwall: ['SU'] },
    { name: 'MS', ste: ['MS'], chwall: ['MS'] },
  ],
  resource_labels: [
    { name: 'MA', ste: ['MA'] },
    { name: 'SU', ste: ['SU'] },
  ],
};

const next = {
  ...sample,
  version: '1.1',
  from_policy: { name: 'tvdc-sample', version: '1.0' },
  conflict_sets: [{ name: 'MA-SU', types: ['MA', 'SU'] }],
};

/** Events and what the reference monitor has to say to them. */
const story: readonly (readonly [event: Readonly<Record<string, unknown>>, decision: string, reason: string])[] = [
  [{ op: 'label_resource', resource: 'file:/vm/su.img', label: 'SU' }, 'permit', 'ok'],
  [{ op: 'label_resource', resource: 'vlan:100', label: 'MA' }, 'permit', 'ok'],
  [{ op: 'label_resource', resource: 'vlan:200', label: 'SU' }, 'permit', 'ok'],
  [{ op: 'start', vm: 'ma-1', label: 'MA' }, 'permit', 'authorized'],
  [{ op: 'start', vm: 'su-1', label: 'SU' }, 'permit', 'authorized'],
  [{ op: 'communicate', a: 'Domain-0', b: 'ma-1' }, 'permit', 'common_type'],
  [{ op: 'communicate', a: 'Domain-0', b: 'su-1' }, 'permit', 'common_type'],
  [{ op: 'communicate', a: 'ma-1', b: 'su-1' }, 'deny', 'no_common_type'],
  [{ op: 'attach_resource', vm: 'su-1', resource: 'file:/vm/su.img' }, 'permit', 'common_type'],
  [{ op: 'attach_resource', vm: 'ma-1', resource: 'file:/vm/su.img' }, 'deny', 'no_common_type'],
  [{ op: 'connect_vlan', vm: 'ma-1', vlan: 'vlan:100' }, 'permit', 'common_type'],
  [{ op: 'connect_vlan', vm: 'ma-1', vlan: 'vlan:200' }, 'deny', 'no_common_type'],
  [{ op: 'start', vm: 'ms-1', label: 'MS' }, 'deny', 'not_authorized'],
  [{ op: 'update_policy', policy: 'next.json' }, 'deny', 'running_domains_violate'],
  [{ op: 'stop', vm: 'su-1' }, 'permit', 'ok'],
  [{ op: 'update_policy', policy: next }, 'permit', 'ok'],
  [{ op: 'start', vm: 'su-1', label: 'SU' }, 'deny', 'conflict'],
  [{ op: 'stop', vm: 'ma-1' }, 'permit', 'ok'],
  [{ op: 'start', vm: 'su-1', label: 'SU' }, 'permit', 'authorized'],
  [{ op: 'set_system_label', label: 'HostMA' }, 'deny', 'running_domains_violate'],
  [{ op: 'stop', vm: 'su-1' }, 'permit', 'ok'],
  [{ op: 'set_system_label', label: 'HostMA' }, 'permit', 'ok'],
  [{ op: 'start', vm: 'su-1', label: 'SU' }, 'deny', 'not_authorized'],
  [{ op: 'start', vm: 'ma-1', label: 'MA' }, 'permit', 'authorized'],
];

interface Record_ {
  readonly decision: string;
  readonly reason: string;
}

describe('tvdc policy offline', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-cli-'));
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const policy = file('policy.json', JSON.stringify(sample));
  file('next.json', JSON.stringify(next));
  const broken = file(
    'broken.xml',
    '<?xml version="1.0" ?><SecurityPolicyDefinition><PolicyHeader/></SecurityPolicyDefinition>',
  );
  afterAll(() => rmSync(folder, { recursive: true }));

  test('check of a valid document is status 0', async () => {
    const { status, out, notes } = await run('policy', 'check', policy);
    expect([status, notes]).toEqual([0, '']);
    expect(out.split('\n')[0]).toBe(`${policy}: valid`);
    expect(out).toMatch(/^warning .*HostMA/m);
    expect(JSON.parse((await run('policy', 'check', '-o', 'json', policy)).out)).toMatchObject({
      valid: true,
      error: null,
      code: 0,
      findings: [{ severity: 'warning' }],
    });
  });

  test('check of a document that is not valid is status 1 with its XSERR name and the place', async () => {
    const { status, out } = await run('policy', 'check', '-o', 'json', broken);
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ valid: false, error: 'XSERR_BAD_XML' });
    expect((await run('policy', 'check', broken)).out).toMatch(/XSERR_BAD_XML +1:\d+/);
  });

  test('a mistake in the command is status 2 and writes nothing to the output', async () => {
    for (const argv of [
      ['check', join(folder, 'missing.xml')],
      ['check', '--compat', 'vmware', policy],
      ['check', '-o', 'mof', policy],
      ['check'],
      ['convert', '--to', 'yaml', '--output', '-', policy],
      ['convert', '--to', 'xml', policy],
      ['simulate', policy, file('bad.json', '[{]')],
      ['simulate', policy, file('odd.json', '{"op":"dance"}')],
    ]) {
      const { status, out, notes } = await run('policy', ...argv);
      expect([argv, status, out]).toEqual([argv, 2, '']);
      expect(notes).toMatch(/^tvdc: [^\n]+\n$/);
    }
  });

  test('simulate tells the story of the sample, one decision a line', async () => {
    const events = file('events.ndjson', story.map(([event]) => `${JSON.stringify(event)}\n`).join(''));
    const { status, out, notes } = await run('policy', 'simulate', policy, events, '-o', 'ndjson');
    expect([status, notes]).toEqual([0, '']);
    const decisions = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record_);
    expect(decisions.map(({ decision, reason }) => [decision, reason])).toEqual(
      story.map(([, decision, reason]) => [decision, reason]),
    );
  });

  test('simulate names the event whose policy cannot be read', async () => {
    const events = file('late.ndjson', '\n{"op":"update_policy","policy":"nowhere.json"}\n');
    const { status, notes } = await run('policy', 'simulate', policy, events);
    expect([status, notes]).toEqual([2, `tvdc: ${events}, line 2: cannot read nowhere.json: no such file or folder\n`]);
  });

  test('simulate takes an array too, and as the original decided', async () => {
    const events = file(
      'events.json',
      JSON.stringify([
        { op: 'start', vm: 'a', label: 'MA' },
        { op: 'connect_vif', vm: 'a' },
      ]),
    );
    const decide = async (...more: readonly string[]): Promise<readonly string[]> => {
      const { out } = await run('policy', 'simulate', policy, events, '-o', 'json', ...more);
      return (JSON.parse(out) as Record_[]).map(({ reason }) => reason);
    };
    expect(await decide()).toEqual(['authorized', 'vif_must_be_labeled']);
    expect(await decide('--compat', 'xen')).toEqual(['authorized', 'unchecked_single_type_unlabeled_vif']);
  });

  test('simulate refuses a policy that is not valid with status 1', async () => {
    const events = file('one.json', '{"op":"start","vm":"a","label":"MA"}');
    expect(await run('policy', 'simulate', broken, events)).toMatchObject({ status: 1, out: '' });
  });

  describeIf(sharedFolder() !== null, 'no reference data')('on the reference policies', () => {
    const data = join(sharedFolder() ?? '', 'data', 'acm');
    for (const name of ['DEFAULT', 'paper-tvdc']) {
      const target = join(folder, 'out');
      const convert = async (form: string, from: string): Promise<Buffer> => {
        expect(await run('policy', 'convert', '--to', form, '--output', target, join(data, from))).toEqual({
          status: 0,
          out: '',
          notes: '',
        });
        return readFileSync(target);
      };

      test(`${name} converts to the bytes of the original, from XML and from JSON`, async () => {
        const expected = readFileSync(join(data, `${name}.bin.hex`), 'utf8').replace(/\s/g, '');
        expect((await convert('binary', `${name}.xml`)).toString('hex')).toBe(expected);
        expect((await convert('xml', `${name}.json`)).toString()).toBe(readFileSync(join(data, `${name}.xml`), 'utf8'));
        expect((await convert('map', `${name}.xml`)).toString()).toBe(readFileSync(join(data, `${name}.map`), 'utf8'));
      });
    }
  });
});
