import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'tvdc-reference-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string): string => join(folder, name);
const digest = (n: number): string => n.toString(16).padStart(64, '0');
const line = (n: number, more = {}): string =>
  JSON.stringify({ algorithm: 'sha256', digest: digest(n), path: `/f${n}`, status: 'good', ...more });

const reference = (...words: readonly string[]) => run('reference', ...words, '--data', place('verifier'));
const importInto = (set: string, file: string, ...more: readonly string[]) =>
  run('reference', 'import', set, place(file), '--state', place('verifier'), ...more);
async function pathsOf(set: string): Promise<readonly string[]> {
  const { out } = await reference('list', set, '-o', 'ndjson');
  return out.split('\n').flatMap((text) => (text === '' ? [] : [(JSON.parse(text) as { path: string }).path]));
}

beforeAll(() => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(place('key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(place('key.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
});

test('a new set is there as a whole or not at all, and a line that is wrong is named', async () => {
  writeFileSync(place('lines'), `${line(1)}\n${line(2)}\n\n`);
  writeFileSync(place('wrong'), `${line(3)}\n${line(4, { status: 'fine' })}\n`);
  const failed = await importInto('image', 'wrong', '--from', 'entries');
  expect(failed).toMatchObject({ status: 2 });
  expect(failed.notes).toContain('wrong line 2: an entry with the status "fine"');
  expect(await reference('list', 'image')).toMatchObject({ status: 1, notes: 'tvdc: no reference set "image"\n' });
  expect(await importInto('image', 'nowhere')).toMatchObject({
    status: 2,
    notes: `tvdc: cannot read ${place('nowhere')}: no such file or folder\n`,
  });
  expect((await importInto('image', 'lines')).out).toContain('image has gained 2 entries');
  expect(await pathsOf('image')).toEqual(['/f1', '/f2']);
});

test('--replace makes a file all that a set has', async () => {
  writeFileSync(place('other'), `${line(2)}\n${line(7)}\n`);
  await importInto('image', 'other', '--replace');
  expect(await pathsOf('image')).toEqual(['/f2', '/f7']);
});

test('a bundle takes the place of its older version alone, and an older one is refused', async () => {
  writeFileSync(place('one'), `${line(1)}\n${line(2)}\n`);
  writeFileSync(place('two'), `${line(2)}\n${line(3)}\n`);
  writeFileSync(place('local'), `${line(9)}\n`);
  const anchor = ['--anchor', place('key.pub')];
  for (const [file, version] of [
    ['one', '1'],
    ['two', '2'],
  ] as const) {
    await importInto('vendor', file, '--replace');
    const made = await reference(
      'export',
      'vendor',
      '--form',
      'bundle',
      '--key',
      place('key.pem'),
      '--version',
      version,
      '--to',
      place(`bundle-${version}`),
    );
    expect(made.status).toBe(0);
  }
  await importInto('fleet', 'local');
  expect((await importInto('fleet', 'bundle-1', ...anchor)).status).toBe(0);
  expect([...(await pathsOf('fleet'))].sort()).toEqual(['/f1', '/f2', '/f9']);
  expect((await importInto('fleet', 'bundle-2', ...anchor)).status).toBe(0);
  expect([...(await pathsOf('fleet'))].sort()).toEqual(['/f2', '/f3', '/f9']);
  const old = await importInto('fleet', 'bundle-1', ...anchor);
  expect(old.status).toBe(1);
  expect(old.notes).toContain('bundle "vendor" 1: version 2 was taken');
  expect([...(await pathsOf('fleet'))].sort()).toEqual(['/f2', '/f3', '/f9']);
  expect((await importInto('fleet', 'bundle-2', ...anchor)).status).toBe(0);
  expect((await importInto('fleet', 'bundle-2')).notes).toContain('--anchor');
});

test('an export by lines is what an import reads', async () => {
  expect((await reference('export', 'fleet', '--form', 'entries', '--to', place('exported'))).status).toBe(0);
  expect((await importInto('copy', 'exported')).status).toBe(0);
  expect((await reference('diff', 'fleet', 'copy')).status).toBe(0);
  expect(readFileSync(place('exported'), 'utf8').split('\n')).toHaveLength(4);
});

test('this program lists its own files and its interpreter, and the rules to measure them', async () => {
  const { status, out } = await reference('own', 'host', '--installed-at', '/opt/tvdc', '--node-at', '/usr/bin/node');
  expect(status).toBe(0);
  expect(out).toMatch(/^host has the files of tvdc \d+\.\d+\.\d+: \d+ entries/);
  const paths = await pathsOf('host');
  expect(paths).toEqual(expect.arrayContaining(['/opt/tvdc/package.json', '/opt/tvdc/bin/tvdc', '/usr/bin/node']));
  expect(paths.some((path) => path.startsWith('/opt/tvdc/node_modules/commander/'))).toBe(true);
  expect(paths.some((path) => path.includes('/test/') && path.startsWith('/opt/tvdc/test'))).toBe(false);
  const { out: rules } = await reference('own', '--ima-policy', '--uid', '992');
  expect(rules).toMatch(/^measure func=FILE_CHECK mask=MAY_READ fowner=\d+ fsname=\S+ uid=992$/m);
  expect((await reference('own', '--ima-policy', '--uid', 'tvdc')).status).toBe(2);
}, 30_000);
