// The real parts that tests use, as Debian packages: installed when that is possible here, otherwise named.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const parts = {
  wbemcli: 'sblim-wbemcli',
  swtpm: 'swtpm',
  swtpm_setup: 'swtpm-tools',
  tpm2_quote: 'tpm2-tools',
  xmllint: 'libxml2-utils',
  openssl: 'openssl',
  zsh: 'zsh',
  fish: 'fish',
  python3: 'python3-minimal',
};

function present(command) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/${command}`));
}

export function installParts() {
  const missing = Object.entries(parts).filter(([command]) => !present(command));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  const able = process.getuid?.() === 0 && present('apt-get');
  if (!able) {
    process.stderr.write(`not installed here: ${packages.join(', ')}; the tests that need them are skipped\n`);
    return;
  }
  process.stderr.write(`installing ${packages.join(', ')} (apt-get) …\n`);
  const options = { stdio: ['ignore', 'ignore', 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  spawnSync('apt-get', ['update', '-qq'], options);
  const result = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
  if (result.status !== 0) process.stderr.write('apt-get install failed; the tests that need those are skipped\n');
}
