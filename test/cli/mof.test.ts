import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createTestServer, type TestServer } from '../../src/host/testing/index.js';
import { run } from './run.js';

describe('tvdc mof and tvdc schema', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-cli-'));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const good = file(
    'good.mof',
    'class ACME_Thing { [Key] string Name; uint32 Size = 3; };\ninstance of ACME_Thing { Name = "one"; };\n',
  );
  const bad = file('bad.mof', 'class ACME_Thing {\n  [Key] string Name\n};\n');
  let server: TestServer;
  const at = (...argv: readonly string[]): Promise<Awaited<ReturnType<typeof run>>> =>
    run(...argv, '--url', server.url, '--namespace', 'root/cimv2');

  beforeAll(async () => {
    server = await createTestServer();
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await server.close();
  });

  test('check counts what compiles, and knows the qualifiers of the DMTF', async () => {
    expect(await run('mof', 'check', good)).toEqual({
      status: 0,
      out: '1 classes and 1 instances, no errors\n',
      notes: '',
    });
  });

  test('check names file, line and column of an error, status 1', async () => {
    const { status, out, notes } = await run('mof', 'check', bad);
    expect([status, out]).toEqual([1, '']);
    expect(notes).toContain(bad);
    const json = await run('mof', 'check', '-o', 'json', bad);
    expect(json).toMatchObject({ status: 1, notes: '' });
    expect(JSON.parse(json.out)).toMatchObject({ valid: false, errors: [{ file: bad, line: 3 }] });
  });

  test('a file that is not there is wrong usage, said in one line', async () => {
    const gone = join(folder, 'gone.mof');
    const notes = `tvdc: cannot read ${gone}: no such file or folder\n`;
    expect(await run('mof', 'check', gone)).toEqual({ status: 2, out: '', notes });
    expect(await at('mof', 'compile', gone)).toEqual({ status: 2, out: '', notes });
    const half = file('half.mof', '#pragma include ("gone.mof")\n');
    expect(await run('mof', 'check', half)).toMatchObject({ status: 1, notes: expect.stringContaining(`${half}:1`) });
  });

  test('format writes MOF that checks again, types writes TypeScript', async () => {
    const again = file('again.mof', (await run('mof', 'format', good)).out);
    expect((await run('mof', 'check', again)).out).toBe('1 classes and 1 instances, no errors\n');
    expect((await run('mof', 'types', good)).out).toMatch(/interface ACME_Thing\b/);
  });

  test('format keeps namespaces apart, types puts them into one text', async () => {
    const two = file(
      'two-namespaces.mof',
      'class ACME_A { [Key] string K; };\n#pragma namespace ("root/other")\n' +
        'class ACME_A { [Key] string K; uint8 More; };\nclass ACME_B : ACME_A { };\ninstance of ACME_B { K = "b"; };\n',
    );
    const { out } = await run('mof', 'format', two);
    expect(out.split('#pragma namespace ("root/other")\n')).toHaveLength(2);
    const again = file('two-again.mof', out);
    expect((await run('mof', 'check', again)).out).toBe('3 classes and 1 instances, no errors\n');
    expect((await run('mof', 'format', again)).out).toBe(out);
    const types = (await run('mof', 'types', two)).out;
    expect(types.match(/interface (ACME_A|CimClasses) /g)).toEqual(['interface ACME_A ', 'interface CimClasses ']);
  });

  test('the search path has folders below it, and includes found there reach the server', async () => {
    mkdirSync(join(folder, 'path', 'deep'), { recursive: true });
    file('path/base.mof', '#pragma include ("deep/more.mof")\n');
    file('path/deep/more.mof', 'class ACME_Included { [Key] string K; };\n');
    file('path/deep/ACME_Found.mof', 'class ACME_Found { [Key] string K; };\n');
    const main = file(
      'main.mof',
      '#pragma include ("base.mof")\nclass ACME_One : ACME_Included { };\nclass ACME_Two : ACME_Found { };\n',
    );
    const path = ['-I', join(folder, 'path')];
    expect((await run('mof', 'check', main, ...path)).out).toBe('4 classes and 0 instances, no errors\n');
    expect((await at('mof', 'compile', main, ...path)).out).toBe('root/cimv2: 4 created\n');
    expect((await at('mof', 'compile', main, ...path, '--mode', 'remove')).out).toBe('root/cimv2: 3 deleted\n');
    // What was only looked up stays: others may rely on it.
    expect((await at('wbem', 'dc', 'ACME_Found')).status).toBe(0);
  });

  test('a file that is no text is refused before anything is sent', async () => {
    const latin = join(folder, 'latin.mof');
    writeFileSync(latin, Buffer.from('class ACME_L { string S = "\u00e9"; };', 'latin1'));
    for (const { status, notes } of [await run('mof', 'check', latin), await at('mof', 'compile', latin)]) {
      expect([status, notes]).toEqual([1, expect.stringContaining('0xE9 is not UTF-8')]);
    }
  });

  test('compile loads into a server, once more finds little to do, and removes', async () => {
    expect(await at('mof', 'compile', good, '--mode', 'check')).toMatchObject({ status: 0 });
    expect((await server.client.enumerateClassNames()).includes('ACME_Thing')).toBe(false);
    expect((await at('mof', 'compile', good)).out).toBe('root/cimv2: 2 created\n');
    expect((await server.client.instances('ACME_Thing').first())?.getNumber('Size')).toBe(3);
    const again = JSON.parse((await at('mof', 'compile', good, '-o', 'json')).out) as Record<string, unknown>;
    expect(again).toMatchObject({ unchanged: 1, modified: 1 });
    expect((await at('mof', 'compile', good, '--mode', 'remove')).out).toBe('root/cimv2: 2 deleted\n');
    expect((await at('mof', 'compile', good, '--mode', 'eat')).status).toBe(2);
  });

  test('compile takes names relative to where it runs, and brings the qualifier types to a namespace without any', async () => {
    await server.repository.createNamespace('root/fresh');
    const fresh = async (...argv: readonly string[]): Promise<string> =>
      (await run('mof', 'compile', ...argv, '--url', server.url, '--namespace', 'root/fresh', '-o', 'json')).out;
    expect(JSON.parse(await fresh(relative(process.cwd(), good)))).toMatchObject({ created: 72 });
    const own = file('own.mof', 'Qualifier ACME : string = null, Scope(class);\n[ACME("x")] class ACME_Own {};\n');
    await server.repository.createNamespace('root/own');
    const alone = await run('mof', 'compile', own, '--url', server.url, '--namespace', 'root/own');
    expect(alone.out).toBe('root/own: 2 created\n');
  });

  test('several errors stand in the order of their places', async () => {
    const two = file('two.mof', 'class ACME_A { uint8 Small = 300; };\nclass ACME_B { nonsense P; };\n');
    const { errors } = JSON.parse((await run('mof', 'check', '-o', 'json', two)).out) as { errors: { line: number }[] };
    expect(errors.map(({ line }) => line)).toEqual([1, 2]);
  });

  test('a subclass of what the server has compiles without its text', async () => {
    await at('mof', 'compile', good);
    const more = file('more.mof', 'class ACME_More : ACME_Thing { string Colour; };\n');
    expect((await at('mof', 'compile', more)).out).toBe('root/cimv2: 1 created\n');
    expect((await run('mof', 'check', more)).status).toBe(1);
    expect((await at('mof', 'compile', good, '--mode', 'remove')).status).toBe(4);
  });

  test('schema install takes a folder, schema list counts', async () => {
    const { status, out } = await at('schema', 'install', join(process.cwd(), 'mof', 'cim'));
    expect([status, out]).toEqual([0, expect.stringMatching(/^root\/cimv2: \d+ created\n$/)]);
    expect((await at('schema', 'list')).out).toMatch(/^CIM +\d+$/m);
  });

  test('schema diff: status 0 between a folder and itself, 1 with what the server has more', async () => {
    const shipped = join(process.cwd(), 'mof', 'cim');
    expect(await run('schema', 'diff', shipped, shipped)).toMatchObject({ status: 0 });
    await server.repository.createNamespace('root/diff');
    const there = ['--url', server.url, '--namespace', 'root/diff'];
    expect(await run('schema', 'install', shipped, ...there)).toMatchObject({ status: 0, notes: '' });
    expect(await run('schema', 'diff', shipped, ...there, '-o', 'json')).toMatchObject({ status: 0 });
    await run('mof', 'compile', good, ...there);
    const more = await run('schema', 'diff', shipped, ...there, '-o', 'json');
    expect([more.status, JSON.parse(more.out)]).toEqual([
      1,
      [{ change: 'added', element: 'ACME_Thing', detail: null }],
    ]);
  });
});
