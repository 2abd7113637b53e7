import { createTestServer, type TestServer } from '../../src/host/testing/index.js';
import { run } from './run.js';

const mof = `
  #pragma include ("cim/core.mof")
  class ACME_Disk {
    [Key] string Name;
    uint64 Size;
    string Tags[];
    [ValueMap {"2", "3"}, Values {"Enabled", "Disabled"}] uint16 State = 2;
    uint32 Grow([IN] uint32 By, [IN(false), OUT] string Told);
  };
  class ACME_FastDisk : ACME_Disk { };
  class ACME_Empty { [Key] string Name; };
  class ACME_Shelf { [Key] string Name; };
  [Association] class ACME_DiskOnShelf { [Key] ACME_Shelf REF Shelf; [Key] ACME_Disk REF Disk; };
  instance of ACME_Shelf as $S { Name = "top"; };
  instance of ACME_Disk as $D { Name = "a"; Size = 5; Tags = {"x", "y"}; };
  instance of ACME_DiskOnShelf { Shelf = $S; Disk = $D; };
`;

describe('tvdc wbem', () => {
  let server: TestServer;
  const wbem = (...argv: readonly string[]) => run('wbem', ...argv, '--url', server.url, '--namespace', 'root/cimv2');

  beforeAll(async () => {
    server = await createTestServer({
      mof,
      providers: [
        {
          className: 'ACME_FastDisk',
          namespaces: ['root/cimv2'],
          methods: {
            Grow: async (_c, _s, { By }) => ({ returnValue: 0, out: { Told: `by ${By as number}` } }),
          },
        },
      ],
    });
  });
  afterAll(() => server.close());

  test('ei prints nothing but JSON with -o json', async () => {
    const { status, out, notes } = await wbem('ei', 'ACME_Disk', '-o', 'json');
    expect(JSON.parse(out)).toEqual([
      {
        class: 'ACME_Disk',
        path: expect.stringContaining('ACME_Disk.Name="a"') as string,
        properties: { Name: 'a', Size: 5, State: 2, Tags: ['x', 'y'] },
      },
    ]);
    expect([status, notes]).toEqual([0, '']);
  });

  test('ei of nothing is an empty list in JSON and nothing in ndjson', async () => {
    expect((await wbem('ei', 'ACME_Empty', '-o', 'ndjson')).out).toBe('');
    expect((await wbem('ein', 'ACME_Empty', '-o', 'json')).out).toBe('[]\n');
  });

  test('tables show the meaning of a value beside it', async () => {
    const { out } = await wbem('gi', 'ACME_Disk.Name="a"');
    expect(out).toContain('-State=2 (Enabled)\n');
    expect(out).toContain('-Tags="x","y"\n');
    const table = (await wbem('ei', 'ACME_Disk', '-p', 'Name,State')).out.split('\n');
    expect(table[0]?.split(/\s{2,}/)).toEqual(['Name', 'State', 'PATH']);
    expect(table[1]).toMatch(/^"a" {3}2 \(Enabled\) {2}\S*ACME_Disk\.Name="a"$/);
  });

  test('gi writes MOF and XML', async () => {
    expect((await wbem('gi', 'ACME_Disk.Name="a"', '-o', 'mof')).out).toContain('instance of ACME_Disk {');
    expect((await wbem('gi', 'ACME_Disk.Name="a"', '-o', 'xml')).out).toContain('CLASSNAME="ACME_Disk"');
  });

  test('ci, mi, gp, sp and di work on typed values', async () => {
    const made = await wbem('ci', 'ACME_Disk', 'Name=b', 'Size=18446744073709551615', 'Tags=p', 'Tags=q');
    expect(made.out).toContain('ACME_Disk.Name="b"');
    expect((await wbem('mi', 'ACME_Disk.Name="b"', 'State=3')).status).toBe(0);
    expect((await wbem('gp', 'ACME_Disk.Name="b"', 'State')).out).toBe('3\n');
    expect((await wbem('gp', 'ACME_Disk.Name="b"', 'Size')).out).toBe('"18446744073709551615"\n');
    expect((await wbem('sp', 'ACME_Disk.Name="b"', 'Size=7')).status).toBe(0);
    expect((await wbem('gp', 'ACME_Disk.Name="b"', 'Size')).out).toBe('7\n');
    expect(await wbem('di', 'ACME_Disk.Name="b"')).toEqual({ status: 0, out: '', notes: '' });
  });

  test('cm prints the return value, then what comes out', async () => {
    const path = 'ACME_FastDisk.Name="f"';
    expect((await wbem('cm', path, 'Grow', 'By=3')).out).toBe('0\n-Told="by 3"\n');
    expect(JSON.parse((await wbem('cm', path, 'Grow', 'By=3', '-o', 'json')).out)).toEqual({
      returnValue: 0,
      out: { Told: 'by 3' },
    });
  });

  test('associations are followed by objects and by names', async () => {
    expect((await wbem('ain', 'ACME_Shelf.Name="top"')).out).toMatch(/ACME_Disk\.Name="a"\n$/);
    expect((await wbem('ai', 'ACME_Shelf.Name="top"', '--result-class', 'ACME_Disk', '-o', 'json')).out).toContain(
      '"a"',
    );
    expect((await wbem('rin', 'ACME_Disk.Name="a"')).out).toContain('ACME_DiskOnShelf.');
    expect((await wbem('ri', 'ACME_Disk.Name="a"', '--role', 'Shelf', '-o', 'json')).out).toBe('[]\n');
  });

  test('a status of CIM is exit status 4, also where nothing was found', async () => {
    const { status, out, notes } = await wbem('gi', 'ACME_Disk.Name="z"', '-o', 'json');
    expect([status, out]).toEqual([4, '']);
    expect(notes).toMatch(/^tvdc: CIM_ERR_NOT_FOUND: [^\n]+\n$/);
    expect((await wbem('ei', 'ACME_Nothing')).status).toBe(4);
  });

  test('a wrong word is exit status 2 and says what was expected', async () => {
    expect(await wbem('gi', 'ACME_Disk')).toMatchObject({ status: 2, out: '' });
    expect((await wbem('ci', 'ACME_Disk', 'Colour=red')).notes).toBe('tvdc: ACME_Disk has no Colour\n');
    expect((await wbem('ci', 'ACME_Disk', 'Name')).notes).toBe('tvdc: expected name=value, got "Name"\n');
    expect((await wbem('ei', 'ACME_Disk', '-o', 'yaml')).notes).toContain('-o takes table, json');
    expect((await wbem('ei', 'ACME_Disk', '--timeout', 'soon')).status).toBe(2);
    expect((await wbem('nonsense')).status).toBe(2);
  });

  test('a server that is not there is exit status 3', async () => {
    const { status, notes } = await run('wbem', 'ei', 'http://127.0.0.1:9/root/cimv2:ACME_Disk');
    expect(status).toBe(3);
    expect(notes).toMatch(/^tvdc: [^\n]*--url\n$/);
  });

  test('the object path may carry server, namespace and class as with wbemcli', async () => {
    const { out } = await run('wbem', 'ein', `${server.url}/root/cimv2:ACME_Shelf`);
    expect(out).toContain('ACME_Shelf.Name="top"');
  });

  test('classes are listed, shown, drawn and found', async () => {
    expect((await wbem('ecn', 'ACME_Disk')).out).toBe('ACME_FastDisk\n');
    expect((await wbem('gc', 'ACME_Disk')).out).toContain('class ACME_Disk {');
    const cls = JSON.parse((await wbem('gc', 'ACME_Disk', '-o', 'json')).out) as Record<string, unknown>;
    expect(cls).toMatchObject({ class: 'ACME_Disk', superclass: null });
    expect((await wbem('class', 'tree', 'ACME_Disk')).out).toBe('ACME_Disk\n└─ ACME_FastDisk\n');
    expect((await wbem('ec', '-o', 'tree')).out).toContain('└─ ACME_FastDisk\n');
    expect((await wbem('class', 'find', 'acme_*disk', '-o', 'json')).out).toContain('"ACME_FastDisk"');
    expect(await wbem('class', 'find', 'Nowhere')).toMatchObject({ status: 1 });
  });

  test('qualifier types are read', async () => {
    expect((await wbem('gq', 'Key')).out).toContain('Qualifier Key : boolean');
    expect(JSON.parse((await wbem('gq', 'Key', '-o', 'json')).out)).toMatchObject({
      qualifier: 'Key',
      type: 'boolean',
    });
    expect((JSON.parse((await wbem('eq', '-o', 'json')).out) as unknown[]).length).toBeGreaterThan(30);
  });
});
