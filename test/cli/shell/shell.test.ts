import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../../src/cli/run.js';
import { createTestServer, type TestServer } from '../../../src/host/testing/index.js';
import { describeIf } from '../../support/parts.js';

const mof = `
  class ACME_Disk {
    [Key] string Name;
    uint32 Size;
    [ValueMap {"2", "3"}, Values {"Enabled", "Disabled"}] uint16 State = 2;
    uint32 Grow([IN] uint32 By, [IN] string NewSecret);
  };
  class ACME_Shelf { [Key] string Name; };
  class ACME_Slow { [Key] string Name; };
`;

class Screen extends Writable {
  readonly isTTY: boolean;
  readonly columns = 200;
  text = '';
  #waiting: (() => void)[] = [];

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    for (const wake of this.#waiting.splice(0)) wake();
    done();
  }

  /** Waits for a text behind what was seen before. */
  async until(wanted: string | RegExp, from = 0): Promise<string> {
    const isThere = (): boolean =>
      typeof wanted === 'string' ? this.text.includes(wanted, from) : wanted.test(this.text.slice(from));
    while (!isThere()) await new Promise<void>((wake) => this.#waiting.push(wake));
    return this.text.slice(from);
  }
}

let server: TestServer;
let folder: string;
let release: () => void = () => undefined;
let begun: () => void = () => undefined;
const enumerating = new Promise<void>((resolve) => {
  begun = resolve;
});
const state = process.env['XDG_STATE_HOME'];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tvdc-shell-'));
  process.env['XDG_STATE_HOME'] = folder;
  server = await createTestServer({
    mof,
    interop: true,
    instances: ['a', 'b c'].map((Name) => ({ class: 'ACME_Disk', properties: { Name, Size: 1 } })),
    providers: [
      {
        className: 'ACME_Slow',
        namespaces: ['root/cimv2'],
        // Until it is given up.
        async *enumerate({ signal }) {
          begun();
          await new Promise<void>((resolve) => {
            release = resolve;
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
        },
      },
    ],
  });
});
afterAll(async () => {
  release();
  await server.close();
  rmSync(folder, { recursive: true });
  if (state === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = state;
});

const where = (): string[] => ['--url', server.url, '--namespace', 'root/cimv2'];

/** Lines that nobody types. */
async function piped(...lines: readonly string[]): Promise<{ status: number; out: string; notes: string }> {
  const out = new Screen(false);
  const notes = new Screen(false);
  const input = Readable.from([`${lines.join('\n')}\n`]);
  const status = await runCommandLine(['wbem', 'shell', ...where()], { out, notes, in: input });
  return { status, out: out.text, notes: notes.text };
}

describe('without a terminal', () => {
  test('lines are carried out in order, on one client', async () => {
    const { status, out, notes } = await piped(
      '# a disk more',
      'ci ACME_Disk Name="c d" Size=5',
      'mi ACME_Disk.Name="c d" Size=6',
      '',
      'gp ACME_Disk.Name="c d" Size',
      'output json',
      'ein ACME_Disk',
      'di ACME_Disk.Name="c d"',
      'ns root/interop',
      'ns',
      'output',
    );
    expect(notes).toBe('');
    expect(status).toBe(0);
    expect(out).toContain('6\n[\n"//');
    expect(out).toContain('ACME_Disk.Name=\\"c d\\""');
    expect(out.endsWith('root/interop\njson\n')).toBe(true);
  });

  test('errors do not end it; the status is that of the last line', async () => {
    const { status, out, notes } = await piped(
      'gi ACME_Disk.Name="none"',
      'nonsense',
      'gi ACME_Disk.Name="a',
      'ns root/nowhere',
      'ein ACME_Disk',
      'ei ACME_Nothing',
    );
    expect(notes.split('\n').slice(0, -1)).toEqual([
      expect.stringMatching(/^tvdc: CIM_ERR_NOT_FOUND: /),
      expect.stringMatching(/^tvdc: unknown command 'nonsense'/),
      'tvdc: a quote is not closed',
      expect.stringMatching(/^tvdc: CIM_ERR_INVALID_NAMESPACE: /),
      expect.stringMatching(/^tvdc: CIM_ERR_/),
    ]);
    expect(out.split('\n').filter((line) => line !== '')).toHaveLength(2);
    expect(status).toBe(4);
    expect((await piped('gi ACME_Disk.Name="none"', 'ns')).status).toBe(0);
    expect((await piped('ns', 'nonsense', 'exit', 'ns')).status).toBe(0);
  });

  test('a form that a verb does not have is left to the others; tables show meanings', async () => {
    const { out } = await piped('output tree', 'ec ACME_Disk', 'class tree ACME_Disk', 'gi ACME_Disk.Name="a"');
    expect(out).toContain('ACME_Disk\n');
    expect(out).toContain('-State=2 (Enabled)\n');
  });

  test('another server gets no login of this one', async () => {
    await using other = await createTestServer({ mof, credentials: { user: 'u', password: 'p' } });
    const out = new Screen(false);
    const notes = new Screen(false);
    const secret = join(folder, 'secret');
    const lines = [`ein ${other.url}/root/cimv2:ACME_Disk`, `ein ACME_Disk --url ${other.url}`].join('\n');
    writeFileSync(secret, 'p', { mode: 0o600 });
    const argv = ['wbem', 'shell', ...where(), '--user', 'u', '--password-file', secret];
    expect(await runCommandLine(argv, { out, notes, in: Readable.from([`${lines}\n`]) })).toBe(3);
    expect(notes.text.match(/not accepted/g)).toHaveLength(2);
  });

  test('help tells of the shell and of each verb', async () => {
    const { out, status } = await piped('help', 'help ei');
    expect(status).toBe(0);
    expect(out).toContain('ns [NAMESPACE]');
    expect(out).toContain('EnumerateInstances');
  });
});

describe('on a terminal', () => {
  class Typed {
    readonly keys = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
    readonly screen = new Screen(true);
    readonly notes = new Screen(true);
    readonly status = runCommandLine(['wbem', 'shell', ...where()], {
      out: this.screen,
      notes: this.notes,
      in: this.keys,
    });

    /** Types, and waits for what the screen shows then. */
    async type(text: string, wanted: string | RegExp): Promise<string> {
      const from = this.screen.text.length;
      this.keys.write(text);
      return this.screen.until(wanted, from);
    }
  }

  const end = '\u0004';
  const interrupt = '\u0003';
  const clear = '\u0015';

  test('tab completes verbs, options, classes, properties, methods, parameters and instances', async () => {
    const shell = new Typed();
    await shell.screen.until('root/cimv2> ');
    for (const [typed, wanted] of [
      ['que\t', 'query'],
      ['class fi\t', 'class find'],
      ['ei acme_sh\t', 'ACME_Shelf'],
      ['ei ACME_Disk --out\t', '--output'],
      ['ei ACME_Disk -o nd\t', 'ndjson'],
      ['ei ACME_Disk -p Name,St\t', 'Name,State'],
      ['gi ACME_Disk.Name="b\t', 'ACME_Disk.Name="b c"'],
      ['gi root/cimv2:ACME_Disk.Name="a\t', 'root/cimv2:ACME_Disk.Name="a"'],
      ['gp ACME_Disk.Name="a" Si\t', 'Size'],
      ['mi ACME_Disk.Name="a" Si\t', 'Size='],
      ['cm ACME_Disk.Name="a" Gr\t', 'Grow'],
      ['cm ACME_Disk.Name="a" Grow B\t', 'By='],
      ['ns inte\t', 'interop'],
      ['output nd\t', 'ndjson'],
    ] as const) {
      await shell.type(typed, wanted);
      shell.keys.write(clear);
    }
    shell.keys.write(end);
    expect(await shell.status).toBe(0);
    expect(shell.notes.text).toBe('');
  });

  test('the history is for its owner alone, and holds no secret', async () => {
    const shell = new Typed();
    await shell.screen.until('root/cimv2> ');
    await shell.type('ein ACME_Shelf\r', /ein ACME_Shelf[\s\S]*root\/cimv2> \u001b\[13G$/);
    await shell.type('cm ACME_Disk.Name="a" Grow NewSecret=hush\r', /hush[\s\S]*root\/cimv2> \u001b\[13G$/);
    await shell.type('ein http://u:hush@127.0.0.1:9/x:Y\r', /x:Y[\s\S]*root\/cimv2> \u001b\[13G$/);
    await shell.type(' ecn ACME_Slow\r', /ecn[\s\S]*root\/cimv2> \u001b\[13G$/);
    // The arrow brings the last line that is kept.
    await shell.type('\u001b[A', 'ACME_S');
    shell.keys.write(`${clear}${end}`);
    expect(await shell.status).toBe(0);
    const file = join(folder, 'tvdc', 'wbem-history');
    expect(readFileSync(file, 'utf8')).toBe('ein ACME_Shelf\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = new Typed();
    await again.screen.until('root/cimv2> ');
    await again.type('\u001b[A', 'ein ACME_Shelf');
    again.keys.write(`${clear}${end}`);
    await again.status;
  });

  test('Ctrl-C gives up what runs, or the line, and not the shell; the server is told', async () => {
    const shell = new Typed();
    await shell.screen.until('root/cimv2> ');
    shell.keys.write('ei ACME_Slow\r');
    await shell.screen.until('ei ACME_Slow');
    await enumerating;
    await shell.type(interrupt, 'root/cimv2> ');
    expect(shell.notes.text).toBe('cancelled\n');
    await shell.type(`ein ACME_Nothi${interrupt}`, '^C\n');
    const shown = await shell.type('ecn ACME_Shelf\r', /root\/cimv2> \u001b\[13G$/);
    expect(shown).not.toContain('Nothi');
    shell.keys.write(end);
    expect(await shell.status).toBe(0);
    expect(shell.notes.text).toBe('cancelled\n');
  });
});

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const hasScript = spawnSync('script', ['--version']).status === 0;

describeIf(hasScript, 'script of util-linux is not installed')('on a real pseudo-terminal', () => {
  test('lines are edited, completed and carried out; Ctrl-D ends it', async () => {
    const main = [
      process.execPath,
      '--no-warnings',
      '--import',
      join(root, 'scripts', 'register-typescript.mjs'),
      join(root, 'src', 'cli', 'main.ts'),
    ];
    const child = spawn('script', ['-qec', [...main, 'wbem', 'shell', ...where()].join(' '), '/dev/null'], {
      env: { PATH: process.env['PATH'], XDG_STATE_HOME: folder, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const screen = new Screen(true);
    child.stdout.pipe(screen);
    await screen.until('root/cimv2> ');
    child.stdin.write('ei acme_sh\t');
    await screen.until('ACME_Shelf');
    child.stdin.write('\u0015gp ACME_Disk.Name="b\t');
    await screen.until('ACME_Disk.Name="b c"');
    const from = screen.text.length;
    child.stdin.write(' Size\r');
    await screen.until(/\n1\r?\n/, from);
    await screen.until('root/cimv2> ', from);
    const status = new Promise((done) => child.once('exit', done));
    child.stdin.write('\u0004');
    expect(await status).toBe(0);
  });
});
