import { Writable } from 'node:stream';
import { runCommandLine } from '../../src/cli/run.js';
import { createTestServer, type TestServer } from '../../src/host/testing/index.js';
import { run } from './run.js';

/** What a command writes, to be waited for. */
class Written extends Writable {
  readonly isTTY: boolean;
  readonly rows = 10;
  text = '';
  #waiting: (() => void)[] = [];

  constructor(isTTY: boolean) {
    super({ decodeStrings: true });
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    for (const wake of this.#waiting.splice(0)) wake();
    done();
  }

  async until(isThere: (text: string) => boolean): Promise<void> {
    while (!isThere(this.text)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  get lines(): Record<string, unknown>[] {
    return this.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

let server: TestServer;
beforeEach(async () => {
  server = await createTestServer({
    mof: 'class ACME_Disk { [Key] string Name; uint32 Size; };',
    instances: ['a', 'b'].map((Name) => ({ class: 'ACME_Disk', properties: { Name, Size: 1 } })),
  });
});
afterEach(() => server.close());

function start(isTTY: boolean, ...argv: readonly string[]): { out: Written; notes: Written; status: Promise<number> } {
  const out = new Written(isTTY);
  const notes = new Written(false);
  const where = ['--url', server.url, '--namespace', 'root/cimv2'];
  return { out, notes, status: runCommandLine([...argv, ...where], { out, notes }) };
}

test('off a terminal only changes are written, as ndjson, until a signal comes', async () => {
  const { out, notes, status } = start(false, 'wbem', 'ei', 'ACME_Disk', '--watch', '0.1');
  await out.until((text) => text.split('\n').length > 2);
  await server.client.modify('root/cimv2:ACME_Disk.Name="a"', { Size: 2 });
  await out.until((text) => text.includes('"changed"'));
  await server.client.deleteInstance('root/cimv2:ACME_Disk.Name="b"');
  await out.until((text) => text.includes('"removed"'));
  process.emit('SIGTERM');
  expect(await status).toBe(0);
  expect(notes.text).toBe('');
  const properties = (Name: string, Size: number): unknown => ({ class: 'ACME_Disk', properties: { Name, Size } });
  expect(out.lines).toMatchObject([
    { change: 'added', object: properties('a', 1) },
    { change: 'added', object: properties('b', 1) },
    { change: 'changed', object: properties('a', 2), before: properties('a', 1) },
    { change: 'removed', object: properties('b', 1) },
  ]);
});

test('on a terminal each look takes the place of the one before, cut to its height', async () => {
  for (let at = 0; at < 20; at++) await server.client.create('ACME_Disk', { Name: `more ${at}` });
  const { out, status } = start(true, 'wbem', 'ein', 'ACME_Disk', '--watch=0.1');
  const clear = '\u001b[H\u001b[2J';
  await out.until((text) => text.split(clear).length > 3);
  process.emit('SIGINT');
  expect(await status).toBe(0);
  const [, first = '', second = ''] = out.text.split(clear);
  for (const screen of [first, second]) {
    expect(screen).toMatch(/^tvdc wbem ein ACME_Disk --watch=0\.1 .*\d\d:\d\d:\d\d\n\n/);
    expect(screen.split('\n').length).toBeLessThanOrEqual(10);
    expect(screen).toContain('… 16 more lines');
  }
});

test('one connection serves all looks; a server that is away is told of once, and looked at again', async () => {
  const { out, status } = start(false, 'wbem', 'ein', 'ACME_Disk', '--watch', '0.1', '--timeout', '1');
  await out.until((text) => text.split('\n').length > 2);
  await server.close();
  await out.until((text) => text.includes('"error"'));
  process.emit('SIGINT');
  expect(await status).toBe(0);
  expect(out.lines.map(({ change }) => change)).toEqual(['added', 'added', 'error']);
});

test('a first look that fails is a failure of the command', async () => {
  const { notes, status } = start(false, 'wbem', 'ei', 'ACME_Nothing', '--watch');
  expect(await status).toBe(4);
  expect(notes.text).toMatch(/^tvdc: CIM_ERR_/);
});

test('what cannot be is said', async () => {
  expect(await run('wbem', 'ei', 'ACME_Disk', '--watch', 'soon')).toMatchObject({
    status: 2,
    notes: 'tvdc: --watch takes seconds, at least 0.1, not "soon"\n',
  });
  expect((await run('wbem', 'ei', 'ACME_Disk', '--watch', '1', '-o', 'mof')).notes).toContain('as ndjson');
  expect(await run('wbem', 'di', 'ACME_Disk', '--watch')).toMatchObject({ status: 2 });
  expect((await run('vm', 'list', '--help')).out).toContain('--watch');
});
