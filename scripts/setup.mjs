// Makes a fresh clone ready: packages by npm, JavaScript by tsc and rollup. Uses nothing but Node itself.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const oldestNode = [20, 19];

function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs a command in the project's folder; its output goes to stderr, so that ours stays clean. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (result.error) throw new Error(`cannot run ${command}: ${result.error.message}`);
  return result.status ?? 1;
}

function newest(folder) {
  let time = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    time = Math.max(time, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  }
  return time;
}

function fail(text) {
  say(text);
  process.exit(1);
}

/** Installs the packages of the lock file unless that very lock file is installed already. */
export function installPackages() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    fail(`tvdc needs Node ${oldestNode.join('.')} or newer; this is ${process.versions.node}`);
  }
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.tvdc-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('installing packages (npm ci) …');
  if (run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) fail('npm ci failed');
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

/** Compiles src/ and packs it into dist/ unless dist/ is newer than every source, or always and from nothing. */
export function build(always = false) {
  const stamp = join(root, 'dist', '.built');
  const recipes = ['tsconfig.build.json', 'scripts/bundle.mjs', 'package.json'];
  const sources = Math.max(newest(join(root, 'src')), ...recipes.map((file) => statSync(join(root, file)).mtimeMs));
  if (!always && existsSync(stamp) && statSync(stamp).mtimeMs > sources) return;
  say('building …');
  if (always) for (const folder of ['build', 'dist']) rmSync(join(root, folder), { recursive: true, force: true });
  // Types are the affair of `npm run check`: to look at them here too would be the longer half of a build.
  const compile = [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--noCheck'];
  const steps = [compile, ['scripts/bundle.mjs']];
  for (const step of steps) if (run(process.execPath, step) !== 0) fail('the build failed');
  writeFileSync(stamp, '');
}

export function setUp() {
  installPackages();
  build();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--build')) build(true);
  else setUp();
}
