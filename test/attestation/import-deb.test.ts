import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { entriesOfDeb, type ReferenceEntry } from '../../src/attestation/index.js';
import { errorLike } from '../support/errors.js';
import { describeIf } from '../support/parts.js';

const hasDpkg = existsSync('/usr/bin/dpkg-deb');
const long = `/opt/${'a-long-directory/'.repeat(9)}file-with-a-name-that-needs-an-extension.txt`;
const files: Readonly<Record<string, string>> = {
  '/usr/bin/tool': 'tool',
  '/bin/merged': 'merged',
  '/etc/with blank': 'blank',
  [long]: 'long',
  '/usr/empty': '',
};

const links = { '/usr/bin/tool5': '/usr/bin/tool', [long.replace('.txt', '.link')]: long };

async function all(file: string): Promise<ReferenceEntry[]> {
  const found: ReferenceEntry[] = [];
  for await (const entry of entriesOfDeb(file)) found.push(entry);
  return found;
}

describeIf(hasDpkg, 'dpkg-deb is not installed')('a Debian package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-deb-'));
  const root = join(folder, 'root');
  beforeAll(() => {
    mkdirSync(join(root, 'DEBIAN'), { recursive: true });
    const control =
      'Package: demo\nVersion: 1.2-3\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: demo\n';
    writeFileSync(join(root, 'DEBIAN/control'), control);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    // Another name of the same file, as perl and perl5 are; an archive holds the content once.
    for (const [name, path] of Object.entries(links)) linkSync(join(root, path), join(root, name));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(['none', 'gzip', 'xz', 'zstd'])(
    'compressed by %s gives every file with package and version',
    async (form) => {
      const file = join(folder, `${form}.deb`);
      execFileSync('dpkg-deb', [`-Z${form}`, '-b', root, file], { stdio: 'ignore' });
      const entries = await all(file);
      const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
      const linked = Object.entries(links).map(([name, path]) => [name, files[path] as string] as const);
      for (const [path, content] of [...Object.entries(files), ...linked]) {
        const found = entries.find((entry) => entry.path === path.replaceAll(' ', '_'));
        expect(found).toMatchObject({
          digest: digest(content),
          package: 'demo',
          version: '1.2-3',
          source: 'deb',
          status: 'good',
        });
      }
      expect(entries.map(({ path }) => path)).toContain('/usr/bin/merged');
      expect(entries).toHaveLength(Object.keys(files).length + linked.length + 1);
    },
  );

  test('that is cut off, or is none, is refused', async () => {
    const file = join(folder, 'cut.deb');
    execFileSync('dpkg-deb', ['-Znone', '-b', root, file], { stdio: 'ignore' });
    execFileSync('truncate', ['-s', '-6000', file]);
    await expect(all(file)).rejects.toThrow(errorLike({ code: 'bad_import' }));
    execFileSync('truncate', ['-s', '0', file]);
    await expect(all(file)).rejects.toThrow(errorLike({ code: 'bad_import' }));
    writeFileSync(file, 'something else entirely, long enough to be read as a header of sixty octets');
    await expect(all(file)).rejects.toThrow(errorLike({ code: 'bad_import' }));
  });
});
