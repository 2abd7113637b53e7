import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CimError } from '../../src/cim/operations/index.js';
import { TvdcError } from '../../src/base/index.js';
import { Exit, UsageError } from '../../src/cli/exit.js';
import { statusOf } from '../../src/cli/status.js';
import { run } from './run.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The command as a process of its own, from its sources. */
function tvdc(
  argv: readonly string[],
  input = '',
): { readonly status: number | null; readonly out: string; readonly notes: string } {
  const loader = join(root, 'scripts', 'register-typescript.mjs');
  const done = spawnSync(process.execPath, ['--import', loader, join(root, 'src', 'cli', 'main.ts'), ...argv], {
    input,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  return { status: done.status, out: done.stdout, notes: done.stderr };
}

describe('exit statuses', () => {
  for (const [what, error, noun, wbem] of [
    ['status 6 of CIM', new CimError(6, 'gone'), 1, 4],
    ['a refusal by policy', new CimError(1, 'TVDC0203: no common type'), 1, 4],
    ['status 2 of CIM', new CimError(2, 'not yours'), 4, 4],
    ['status 1 of CIM', new CimError(1, 'failed'), 4, 4],
    ['a method that refuses', new TvdcError('method_refused', 'no'), 1, 1],
    ['a server out of reach', new TvdcError('unreachable', 'no route'), 3, 3],
    ['a wrong password', new TvdcError('unauthorized', '401'), 3, 3],
    ['wrong words', new UsageError('what?'), 2, 2],
    ['an answer that is no', new Exit(1), 1, 1],
    ['a fault of our own', new RangeError('oops'), 5, 5],
  ] as const) {
    test(`${what} is ${noun}, and ${wbem} for tvdc wbem`, () => {
      expect([statusOf(error, false), statusOf(error, true)]).toEqual([noun, wbem]);
    });
  }
});

describe('the command', () => {
  test('shows help of every noun on the output, status 0', async () => {
    const { status, out, notes } = await run('--help');
    expect([status, notes]).toEqual([0, '']);
    const nouns = [...out.matchAll(/^ {2}([a-z]+) {2,}/gm)]
      .map(([, noun]) => noun ?? '')
      .filter((noun) => noun !== 'tvdc');
    expect(nouns).toEqual(expect.arrayContaining(['policy', 'wbem', 'attest', 'mof', 'completion']));
    for (const noun of ['policy', 'label', 'vm', 'explain', 'attest', 'mof', 'schema', 'wbem', 'completion']) {
      expect(await run(noun, '--help')).toMatchObject({
        status: 0,
        notes: '',
        out: expect.stringContaining('Usage: tvdc') as string,
      });
    }
  });

  test('says its version', async () => {
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('suggests what was meant', async () => {
    expect(await run('polciy')).toMatchObject({
      status: 2,
      out: '',
      notes: expect.stringContaining('policy') as string,
    });
  });
});

describe('as a process', () => {
  test('ends with the status of the table and keeps output and notes apart', () => {
    expect(tvdc(['policy', 'check', '-o', 'json', '-'], '<x/>')).toMatchObject({ status: 1, notes: '' });
    expect(tvdc(['policy', 'check', '/nowhere'])).toEqual({
      status: 2,
      out: '',
      notes: 'tvdc: cannot read /nowhere: no such file or folder\n',
    });
    expect(tvdc(['vm', 'list', '--url', 'http://127.0.0.1:9'])).toMatchObject({ status: 3, out: '' });
  });
});
