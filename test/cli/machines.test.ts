import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex, PassThrough, Writable } from 'node:stream';
import { confirm } from '../../src/cli/confirm.js';
import { type CommandHost, labelSample, openCommandHost } from './support.js';
import { run } from './run.js';

let command: CommandHost;
const tvdc = (...argv: readonly string[]) => command.tvdc(...argv);
const json = (...argv: readonly string[]) => command.json(...argv);

beforeAll(async () => {
  command = await openCommandHost();
  await labelSample(command);
});
afterAll(() => command.close());

interface Shown {
  readonly id: string;
  readonly disks: readonly { readonly id: string; readonly volume: string; readonly volumeId: string }[];
  readonly interfaces: readonly { readonly id: string; readonly mac: string; readonly vlan: number }[];
  readonly tpm: { readonly id: string } | null;
}

const show = async (name: string): Promise<Shown> => (await json('vm', 'show', name)) as Shown;
const volumes = async (): Promise<readonly string[]> =>
  ((await json('volume', 'list')) as readonly { readonly name: string }[]).map(({ name }) => name);

describe('a definition', () => {
  test('from options has all that was asked for, and runs', async () => {
    const made = await tvdc(
      ...['vm', 'define', 'ma-3', '--label', 'MA', '--memory', '512M', '--processors', '2'],
      ...['--disk', '2M:MA', 'spare-disk=MA', 'log:1K:MA', '--vlan', '100', '--criticality', 'high'],
    );
    expect(made).toMatchObject({ status: 0, notes: '' });
    expect(made.out).toMatch(/^ma-3 is defined with the label ACM:tvdc-sample:MA: [0-9a-f-]{36}\n$/);
    expect(await json('vm', 'show', 'ma-3')).toMatchObject({
      state: 'off',
      label: 'ACM:tvdc-sample:MA',
      domains: ['Market Analysis'],
      criticality: 'high',
      trusted: false,
      memoryMiB: 512,
      processors: 2,
      disks: [
        { volume: 'spare-disk', label: 'ACM:tvdc-sample:MA' },
        { volume: 'ma-3-disk-1', sizeBytes: 2 << 20, label: 'ACM:tvdc-sample:MA' },
        { volume: 'log', sizeBytes: 1024 },
      ],
      interfaces: [{ vlan: 100, label: 'ACM:tvdc-sample:MA' }],
      tpm: { state: 'off' },
      verdict: null,
    });
    expect((await tvdc('vm', 'start', 'ma-3')).out).toBe('ma-3 is running\n');
    expect((await tvdc('vm', 'stop', 'ma-3')).status).toBe(0);
  });

  test('comes from a file, which options go before', async () => {
    const file = join(command.folder, 'vm.json');
    const wish = {
      name: 'from-file',
      label: 'MA',
      memoryMiB: 64,
      criticality: 'low',
      trusted: true,
      disks: [{ size: '1M', label: 'MA' }],
      vlans: [100, { vlan: 100, label: 'MA' }],
      tpm: false,
    };
    writeFileSync(file, JSON.stringify(wish));
    expect((await tvdc('vm', 'define', 'by-hand', '--from', file, '--memory', '128')).status).toBe(0);
    expect(await json('vm', 'show', 'by-hand')).toMatchObject({
      memoryMiB: 128,
      criticality: 'low',
      trusted: true,
      disks: [{ volume: 'by-hand-disk-1' }],
      interfaces: [{ vlan: 100 }, { vlan: 100 }],
      tpm: null,
    });
    expect((await tvdc('vm', 'destroy', 'by-hand', '--yes')).status).toBe(0);
  });

  test.each([
    [{ memoryMiB: -1 }, /: memoryMiB/],
    [{ disks: [{ size: '1X' }] }, /: disks\[0\]/],
    [{ disc: [] }, /disc/],
    [{ vlans: [0] }, /: vlans\[0\]/],
    [[], /no definition/],
  ])('that is %j is told with its place', async (wish, place) => {
    const file = join(command.folder, 'wrong.json');
    writeFileSync(file, JSON.stringify(wish));
    const { status, out, notes } = await tvdc('vm', 'define', 'x', '--from', file);
    expect([status, out]).toEqual([2, '']);
    expect(notes).toMatch(place);
  });

  test.each([
    [['vm', 'define'], 2, /name the virtual machine/],
    [['vm', 'define', 'x', '--uuid', 'ma-1'], 2, /--uuid takes a UUID, not "ma-1"/],
    [['vm', 'define', 'x', '--from', '/nowhere.json'], 2, /cannot read/],
    [['vm', 'define', 'x', '--disk', 'a:b:c'], 2, /--disk takes/],
    [['vm', 'define', 'x', '--disk', '2M:nobody'], 1, /TVDC0203: .*no label nobody/],
    [['vm', 'define', 'x', '--disk', 'nobody'], 1, /no volume nobody/],
    [['vm', 'define', 'x', '--disk', 'su-1-disk'], 1, /TVDC0104: su-1-disk is in use by su-1/],
    [['vm', 'define', 'x', '--disk', '100:MA'], 4, /at least 512 bytes/],
    [['vm', 'define', 'x', '--vlan', '4095'], 2, /from 1 to 4094/],
    [['vm', 'define', 'x', '--vlan', '999'], 1, /vlan:999/],
    [['vm', 'define', 'x', '--label', 'nobody'], 1, /TVDC0203/],
    [['vm', 'define', 'x', '--memory', '0'], 2, /--memory takes/],
    [['vm', 'define', 'x', '--memory', '1K'], 2, /whole MiB/],
    [['vm', 'define', 'x', '--criticality', 'huge'], 2, /low, medium, high/],
    [['vm', 'define', 'x', '--trusted', 'maybe'], 2, /yes or no/],
    [['vm', 'define', '../x'], 4, /is not a name/],
    [['vm', 'define', 'ma-1'], 4, /TVDC0103/],
  ])('%j is refused and leaves nothing', async (argv, status, sentence) => {
    const before = await volumes();
    const found = await tvdc(...argv);
    expect([found.status, found.out]).toEqual([status, '']);
    expect(found.notes).toMatch(sentence);
    expect((await tvdc('vm', 'show', 'x')).status).toBe(1);
    expect(await volumes()).toEqual(before);
  });
});

describe('a copy', () => {
  test('has an identity and disks of its own', async () => {
    expect((await tvdc('vm', 'define', 'origin', '--label', 'MA', '--disk', '1K:MA', '--vlan', '100')).status).toBe(0);
    const made = await tvdc('vm', 'clone', 'origin', 'copy', '--memory', '64', '--criticality', 'low');
    expect(made.out).toMatch(/^copy is a copy of origin: /);
    const [origin, copy] = [await show('origin'), await show('copy')];
    expect(copy).toMatchObject({ memoryMiB: 64, criticality: 'low', label: 'ACM:tvdc-sample:MA' });
    expect(copy.id).not.toBe(origin.id);
    expect(copy.tpm?.id).not.toBe(origin.tpm?.id);
    expect(copy.interfaces[0]?.mac).not.toBe(origin.interfaces[0]?.mac);
    expect(copy.disks[0]?.volumeId).not.toBe(origin.disks[0]?.volumeId);
    expect(copy.disks[0]).toMatchObject({ volume: 'copy-disk-1', label: 'ACM:tvdc-sample:MA' });
  });

  test('is made of what is off, under a free name', async () => {
    expect(await tvdc('vm', 'clone', 'origin', 'copy')).toMatchObject({ status: 4, out: '' });
    expect((await tvdc('vm', 'clone', 'nobody', 'more')).status).toBe(1);
    await tvdc('vm', 'start', 'origin');
    const { status, notes } = await tvdc('vm', 'clone', 'origin', 'more');
    expect([status, notes]).toEqual([1, expect.stringMatching(/TVDC0102: .*origin is running/)]);
    await tvdc('vm', 'stop', 'origin');
  });
});

describe('disks and interfaces', () => {
  test('come and go while a machine runs', async () => {
    await tvdc('volume', 'create', 'extra', '1M', '--label', 'MA');
    await tvdc('vm', 'start', 'ma-1');
    const got = await tvdc('vm', 'attach', 'ma-1', '--disk', 'extra', '--vlan', '100');
    expect(got.out).toMatch(/^ma-1 has got disk extra \(.*\), interface .* on vlan:100 \(.*\)\n$/);
    const { disks, interfaces } = await show('ma-1');
    expect([disks.length, interfaces.length]).toEqual([2, 2]);
    const several = await tvdc('vm', 'detach', 'ma-1', 'vlan:100');
    expect([several.status, several.out]).toEqual([2, '']);
    for (const { id } of interfaces) expect(several.notes).toContain(id);
    const lost = await tvdc('vm', 'detach', 'ma-1', 'extra', interfaces[1]?.mac ?? '');
    expect(lost).toMatchObject({ status: 0 });
    expect((await show('ma-1')).interfaces.map(({ id }) => id)).toEqual([interfaces[0]?.id]);
    await tvdc('vm', 'stop', 'ma-1');
  });

  test.each([
    [['vm', 'attach', 'ma-1'], 2, /say what to attach/],
    [['vm', 'attach', 'ma-1', '--disk', 'nobody'], 1, /no volume nobody/],
    [['vm', 'attach', 'ma-1', '--disk', 'su-1-disk'], 1, /TVDC0104/],
    [['vm', 'attach', 'ma-1', '--vlan', '999'], 1, /vlan:999/],
    [['vm', 'detach', 'ma-1', 'nothing'], 1, /neither disk nor interface nothing/],
    [['vm', 'detach', 'nobody', 'x'], 1, /no virtual machine nobody/],
  ])('%j is refused', async (argv, status, sentence) => {
    const found = await tvdc(...argv);
    expect([found.status, found.out]).toEqual([status, '']);
    expect(found.notes).toMatch(sentence);
  });

  test('of another workload are refused while a machine runs', async () => {
    await tvdc('volume', 'create', 'foreign', '1M', '--label', 'SU');
    await tvdc('vm', 'start', 'ma-1');
    const { status, notes } = await tvdc('vm', 'attach', 'ma-1', '--disk', 'foreign');
    expect([status, notes]).toEqual([1, expect.stringMatching(/TVDC0202: .*foreign.*no type in common/)]);
    expect((await tvdc('vm', 'attach', 'ma-1', '--vlan', '200')).status).toBe(1);
    await tvdc('vm', 'stop', 'ma-1');
  });
});

describe('lists', () => {
  const names = async (...argv: readonly string[]): Promise<readonly string[]> =>
    ((await json('vm', 'list', ...argv)) as readonly { readonly name: string }[]).map(({ name }) => name);

  test('are narrowed and show the columns wanted', async () => {
    await tvdc('vm', 'start', 'su-1');
    expect(await names('--state', 'running')).toEqual(['su-1']);
    expect(await names('--label', 'SU')).toEqual(['su-1']);
    expect(await names('--label', '')).toEqual(['ms-1']);
    expect(await names('--tvd', 'Security Underwriting')).toEqual(['su-1']);
    expect(await names('--criticality', 'high', '--tvd', 'Market Analysis')).toEqual(['ma-2', 'ma-3']);
    expect(await names('--trusted', 'yes')).toEqual([]);
    const { out } = await tvdc(
      'vm',
      'list',
      '--label',
      'SU',
      '--columns',
      'name,memory,processors,disks,vlans,domains',
    );
    expect(out).toMatch(
      /^NAME +MEMORY +PROCESSORS +DISKS +VLANS +DOMAINS\nsu-1 +256 MiB +1 +1 +200 +Security Underwriting\n$/,
    );
    expect(await json('vm', 'list', '--label', 'SU', '--columns', 'vlans')).toMatchObject([{ vlans: [200] }]);
    await tvdc('vm', 'stop', 'su-1');
  });

  test.each([
    [['--state', 'asleep']],
    [['--columns', 'name,colour']],
    [['--trusted', 'perhaps']],
    [['--criticality', '9']],
  ])('%j is wrong usage', async (argv) => {
    expect(await tvdc('vm', 'list', ...argv)).toMatchObject({ status: 2, out: '' });
  });

  test('of members of nothing are refused', async () => {
    expect((await tvdc('vm', 'list', '--tvd', 'nobody')).notes).toBe('tvdc: no domain nobody on this host\n');
  });
});

describe('ratings', () => {
  test('change in any state, and say what they are', async () => {
    expect((await tvdc('vm', 'set', 'ms-1', '--criticality', 'high', '--trusted', 'yes')).out).toBe(
      'ms-1 is of high criticality, is trusted with several types\n',
    );
    expect(await json('vm', 'show', 'ms-1')).toMatchObject({ criticality: 'high', trusted: true });
    expect((await tvdc('vm', 'set', 'ms-1', '--criticality', 'low')).out).toBe('ms-1 is of low criticality\n');
    expect((await tvdc('vm', 'set', 'ms-1', '--trusted', 'no')).status).toBe(0);
    expect((await tvdc('vm', 'set', 'ms-1')).status).toBe(2);
    expect((await tvdc('vm', 'set', 'nobody', '--trusted', 'no')).status).toBe(1);
  });
});

describe('name and sizes', () => {
  test('change while a machine is off', async () => {
    await tvdc('vm', 'define', 'small', '--label', 'MA', '--memory', '64');
    expect((await tvdc('vm', 'set', 'small', '--memory', '1G', '--processors', '2', '--criticality', 'low')).out).toBe(
      'small has 1024 MiB of memory and 2 processors, is of low criticality\n',
    );
    expect((await tvdc('vm', 'set', 'small', '--name', 'large')).out).toBe('large is the new name of small\n');
    expect(await json('vm', 'show', 'large')).toMatchObject({ memoryMiB: 1024, processors: 2, criticality: 'low' });
    expect(await tvdc('vm', 'set', 'large', '--name', 'ma-1')).toMatchObject({
      status: 4,
      notes: expect.stringContaining('the name ma-1 is in use') as string,
    });
    await tvdc('vm', 'start', 'large');
    expect(await tvdc('vm', 'set', 'large', '--memory', '64')).toMatchObject({
      status: 1,
      notes: 'tvdc: large is running: it cannot be changed from there\n',
    });
    expect(await tvdc('vm', 'set', 'large', '--name', 'small')).toMatchObject({
      status: 1,
      notes: expect.stringContaining('large is running') as string,
    });
    expect((await tvdc('vm', 'set', 'large', '--memory', '0')).status).toBe(2);
    await tvdc('vm', 'stop', 'large');
    await tvdc('vm', 'destroy', 'large', '--yes');
  });
});

describe('verdicts', () => {
  test('that a verifier of this machine holds are shown with the machine and its domain', async () => {
    const state = join(command.folder, 'verifier');
    await tvdc('vm', 'start', 'ma-1');
    const judged = JSON.parse((await tvdc('attest', 'ma-1', '--state', state, '-o', 'json')).out) as readonly {
      readonly name: string;
      readonly verdict: string;
      readonly id: string;
    }[];
    const own = judged.find(({ name }) => name === 'ma-1');
    expect(own?.verdict).toMatch(/^\w+$/);
    const shown = await json('vm', 'show', 'ma-1', '--state', state);
    expect(shown).toMatchObject({ verdict: { id: own?.id, verdict: own?.verdict } });
    const { out } = await tvdc('vm', 'show', 'ma-1', '--state', state);
    expect(out).toMatch(new RegExp(`^verdict +${own?.verdict}, \\d{4}-`, 'm'));
    const domain = await tvdc('tvd', 'show', 'Market Analysis', '--state', state);
    expect(domain.out).toMatch(new RegExp(`^vm +ma-1 +running +ACM:tvdc-sample:MA +${own?.verdict} `, 'm'));
    expect(domain.out).toMatch(/^vm +ma-2 +off +ACM:tvdc-sample:MA +not known /m);
    expect((await tvdc('vm', 'show', 'ma-1', '--verifier', 'http://127.0.0.1:1')).status).toBe(3);
    await tvdc('vm', 'stop', 'ma-1');
  });
});

describe('an end', () => {
  test('is for what is off, and keeps volumes', async () => {
    await tvdc('vm', 'start', 'copy');
    const running = await tvdc('vm', 'destroy', 'copy', '--yes');
    expect([running.status, running.notes]).toEqual([1, 'tvdc: copy is running: it cannot be destroyed from there\n']);
    await tvdc('vm', 'stop', 'copy');
    expect((await tvdc('vm', 'destroy', 'copy')).status).toBe(2);
    expect((await tvdc('vm', 'show', 'copy')).status).toBe(0);
    expect((await tvdc('vm', 'destroy', 'copy', '--yes')).out).toBe('copy is destroyed\n');
    expect((await tvdc('vm', 'show', 'copy')).status).toBe(1);
    expect(await volumes()).toContain('copy-disk-1');
  });

  test.each([
    ['y\n', true],
    ['YES\n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
  ])('is asked for on a terminal: %j', async (answer, consent) => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const asked: string[] = [];
    const notes = Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          asked.push(chunk.toString());
          done();
        },
      }),
      { isTTY: true },
    );
    const answered = confirm({ out: new PassThrough(), notes }, 'Destroy x?', input);
    input.write(answer);
    expect(await answered).toBe(consent);
    expect(asked.join('')).toContain('Destroy x? [y/N] ');
    await expect(confirm({ out: notes, notes }, 'Destroy x?', new Duplex())).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('volumes and VLANs', () => {
  test('are made with a label or not at all, and erased before they change hands', async () => {
    expect((await tvdc('volume', 'create', 'data', '3M', '--label', 'MA')).out).toMatch(/^data has 3 MiB: /);
    expect((await tvdc('volume', 'create', 'odd', '1000')).out).toMatch(/^odd has 1 KiB: /);
    const refused = await tvdc('volume', 'create', 'data2', '3M', '--label', 'nobody');
    expect([refused.status, await volumes()]).toEqual([1, expect.not.arrayContaining(['data2'])]);
    await tvdc('vm', 'attach', 'ma-1', '--disk', 'data');
    await tvdc('vm', 'start', 'ma-1');
    expect(await tvdc('volume', 'erase', 'data', '--yes')).toMatchObject({ status: 1, out: '' });
    await tvdc('vm', 'stop', 'ma-1');
    expect((await tvdc('volume', 'delete', 'data', '--yes')).notes).toMatch(/TVDC0104: data is in use by ma-1/);
    await tvdc('vm', 'detach', 'ma-1', 'data');
    expect((await tvdc('label', 'assign', 'data', 'SU')).status).toBe(1);
    expect((await tvdc('volume', 'erase', 'data')).status).toBe(2);
    expect((await tvdc('volume', 'erase', 'data', '--yes')).out).toBe('data is erased and may get another label\n');
    expect((await tvdc('label', 'assign', 'data', 'SU')).status).toBe(0);
    const [row] = ((await json('volume', 'list')) as readonly { readonly name: string }[]).filter(
      ({ name }) => name === 'data',
    );
    expect(row).toMatchObject({ label: 'ACM:tvdc-sample:SU', vms: [], erased: expect.stringMatching(/Z$/) as string });
    expect((await tvdc('volume', 'delete', 'data', '--yes')).out).toBe('data is deleted\n');
    expect((await tvdc('volume', 'delete', 'data', '--yes')).status).toBe(1);
  });

  test.each([
    [['volume', 'create', 'x', '10 elephants'], 2],
    [['volume', 'create', 'x', '10'], 4],
    [['volume', 'create', '/x', '1M'], 4],
    [['volume', 'create', 'odd', '1M'], 4],
    [['vlan', 'create', '0'], 2],
    [['vlan', 'create', '100'], 4],
    [['vlan', 'delete', '100'], 1],
    [['vlan', 'delete', '555'], 1],
    [['vlan', 'create', '556', '--label', 'nobody'], 1],
  ])('%j has status %d', async (argv, status) => {
    expect(await tvdc(...argv)).toMatchObject({ status, out: '' });
  });

  test('VLANs are known by number and by name', async () => {
    expect((await tvdc('vlan', 'create', '300', '--name', 'Test lab', '--label', 'MA')).out).toBe(
      'vlan:300 is there, ACM:tvdc-sample:MA\n',
    );
    const { out } = await tvdc('vlan', 'list');
    expect(out).toMatch(/^vlan:200 +Security Underwriting +ACM:tvdc-sample:SU +1$/m);
    expect(out).not.toMatch(/vlan:556/);
    expect((await tvdc('vlan', 'delete', 'Test lab')).out).toBe('vlan:300 is deleted\n');
  });
});

describe('a name', () => {
  test('that means several things is refused with the candidates', async () => {
    await tvdc('volume', 'create', 'twin', '1M');
    await tvdc('vm', 'define', 'twin', '--no-tpm');
    const { status, out, notes } = await tvdc('label', 'assign', 'twin', 'MA');
    expect([status, out]).toEqual([2, '']);
    const { id } = await show('twin');
    expect(notes).toContain(`virtual machine twin (${id})`);
    expect(notes).toContain('volume twin (');
    expect((await tvdc('label', 'assign', id.toUpperCase(), 'MA')).status).toBe(0);
    const asked = await tvdc('explain', 'ma-1', 'twin');
    expect([asked.status, asked.notes]).toEqual([2, expect.stringContaining('volume twin (')]);
    await tvdc('vm', 'define', id, '--no-tpm');
    expect(await tvdc('vm', 'start', id)).toMatchObject({ status: 2, out: '' });
    expect(await tvdc('vtpm', 'cert', id)).toMatchObject({ status: 2, out: '' });
  });
});

test('every verb has help', async () => {
  for (const [noun, verbs] of [
    [
      'vm',
      'list show define clone set destroy start stop shutdown pause resume save restore reset attach detach preflight',
    ],
    ['tvd', 'list show create delete add remove start stop'],
    ['volume', 'list create erase delete'],
    ['vlan', 'list create delete'],
  ] as const) {
    for (const verb of verbs.split(' ')) {
      const { status, out } = await run(noun, verb, '--help');
      expect([noun, verb, status]).toEqual([noun, verb, 0]);
      expect(out).toContain(`Usage: tvdc ${noun} ${verb}`);
    }
  }
});
