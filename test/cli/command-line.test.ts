import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { CimError } from '../../src/cim/operations/index.js';
import { TvdcError } from '../../src/base/index.js';
import { Exit, UsageError } from '../../src/cli/exit.js';
import { nouns } from '../../src/cli/nouns.js';
import { statusOf, tell } from '../../src/cli/status.js';
import { createTestServer } from '../../src/host/testing/index.js';
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

describe('every verb', () => {
  interface Verbs {
    readonly noun: string;
    readonly verbs: readonly string[];
    readonly description: string;
  }

  /** Nouns with verbs; those of `wbem` are told in prose. */
  async function nounsWithVerbs(): Promise<readonly Verbs[]> {
    const { out, notes } = { out: new PassThrough(), notes: new PassThrough() };
    const all: Verbs[] = [];
    for (const { name, description, load } of nouns.filter((noun) => noun.name !== 'wbem')) {
      const command = await load({ out, notes }, () => Promise.reject(new Error('not needed')));
      const add = (noun: string, from: Command, said: string): void => {
        const verbs = from.commands.map((verb) => verb.name());
        if (verbs.length > 0) all.push({ noun, verbs, description: said });
        for (const verb of from.commands) add(`${noun} ${verb.name()}`, verb, '');
      };
      add(name, command, description);
    }
    return all;
  }

  test('stands in the table of the document and in the help of the program', async () => {
    const document = readFileSync(join(root, 'docs', 'command-line.md'), 'utf8');
    const told = new Map<string, string[]>();
    for (const [, first = '', second = ''] of document.matchAll(/^\| (`[^|]+) \| ([^|]*) \|/gm)) {
      const names = [...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
      const lists = second.split(';').map((list) => list.split(',').map((verb) => verb.trim()));
      for (const [at, name] of names.entries()) told.set(name, [...(told.get(name) ?? []), ...(lists[at] ?? [])]);
    }
    for (const { noun, verbs, description } of await nounsWithVerbs()) {
      const [first = ''] = noun.split(' ');
      const inner = noun === first ? verbs.filter((verb) => !told.has(`${noun} ${verb}`)) : verbs;
      expect([noun, [...(told.get(noun) ?? [])].sort()]).toEqual([noun, [...inner].sort()]);
      if (description !== '') for (const verb of verbs) expect(description).toMatch(new RegExp(`\\b${verb}\\b`));
    }
  });
});

describe('advice', () => {
  const told = (cause: unknown): string => {
    const notes = new PassThrough();
    tell(new TvdcError('unreachable', 'x', { cause }), { out: new PassThrough(), notes });
    return String(notes.read());
  };

  test('fits why a server is not reached', () => {
    expect(told({ code: 'ECONNREFUSED' })).toContain('is the server running there?');
    for (const code of [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ])
      expect(told({ code })).toContain('--cacert');
    expect(told({ code: 'ERR_SSL_WRONG_VERSION_NUMBER' })).toContain('TLS');
  });

  test('is about TLS where a server speaks none, without the texts of OpenSSL', async () => {
    await using server = await createTestServer({ mof: 'class A { [Key] string K; };' });
    const { status, notes } = await run('wbem', 'ei', 'A', '--url', server.url.replace('http:', 'https:'));
    expect(status).toBe(3);
    expect(notes).toMatch(/^tvdc: [^\n]+: TLS: [a-z ]+; does the server speak TLS at that port\?[^\n]*\n$/);
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
