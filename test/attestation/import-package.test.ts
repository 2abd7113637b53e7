import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { entriesOfPackage, type ReferenceEntry } from '../../src/attestation/index.js';
import { digestOf } from './support/reference-contract.js';

const folder = mkdtempSync(join(tmpdir(), 'tvdc-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, content: string | object): void {
  const place = join(folder, file);
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, typeof content === 'string' ? content : JSON.stringify(content));
}

async function collect(options = {}): Promise<readonly ReferenceEntry[]> {
  const found: ReferenceEntry[] = [];
  for await (const entry of entriesOfPackage(join(folder, 'app'), options)) found.push(entry);
  return found;
}

beforeAll(() => {
  const dependencies = { nested: '1', hoisted: '2' };
  write('app/package.json', {
    name: 'app',
    version: '1.2.3',
    files: ['bin', 'dist'],
    dependencies,
    devDependencies: { dev: '1' },
  });
  write('app/bin/app', 'start');
  write('app/dist/a b.js', 'code');
  write('app/test/a.test.js', 'no part of the package');
  write('app/node_modules/nested/package.json', {
    name: 'nested',
    version: '1.0.0',
    optionalDependencies: { absent: '1' },
  });
  write('app/node_modules/nested/lib/x.js', 'nested');
  write('app/node_modules/dev/package.json', { name: 'dev', version: '9.0.0' });
  write('node_modules/hoisted/package.json', { name: 'hoisted', version: '2.0.0', files: ['not', 'said', 'again'] });
  write('node_modules/hoisted/index.js', 'hoisted');
  symlinkSync(join(folder, 'app/bin'), join(folder, 'app/dist/link'));
});

test('lists what a package consists of with all that it needs, and nothing else', async () => {
  const found = await collect({ installedAt: '/opt/app', source: 'app 1.2.3' });
  const shown = found.map(({ path, package: name, version }) => `${path} ${name} ${version}`).sort();
  expect(shown).toEqual(
    [
      '/opt/app/package.json app 1.2.3',
      '/opt/app/bin/app app 1.2.3',
      '/opt/app/bin/app app 1.2.3',
      '/opt/app/dist/a_b.js app 1.2.3',
      '/opt/app/node_modules/nested/package.json nested 1.0.0',
      '/opt/app/node_modules/nested/lib/x.js nested 1.0.0',
      '/opt/node_modules/hoisted/package.json hoisted 2.0.0',
      '/opt/node_modules/hoisted/index.js hoisted 2.0.0',
    ].sort(),
  );
  expect(found.find(({ path }) => path === '/opt/app/dist/a_b.js')).toEqual({
    algorithm: 'sha256',
    digest: digestOf('code'),
    path: '/opt/app/dist/a_b.js',
    status: 'good',
    package: 'app',
    version: '1.2.3',
    source: 'app 1.2.3',
  });
});

test('says which dependency is missing, and what is no package', async () => {
  write('app/node_modules/nested/package.json', { name: 'nested', version: '1.0.0', dependencies: { absent: '1' } });
  await expect(collect()).rejects.toThrow('nested needs absent, which is not installed');
  write('app/package.json', { name: 'app' });
  await expect(collect()).rejects.toThrow('its manifest names no version');
});
