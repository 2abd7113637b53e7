// npm run check: lint, types, build, house rules, unused code, format, package shape. Two at a time; every finding is shown.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installPackages, root } from './setup.mjs';

const bin = (name) => join(root, 'node_modules/.bin', name);
// The longest first; what is packed is looked at last, when it is built.
const gates = [
  ['lint', bin('eslint'), ['--cache', '--cache-location', 'node_modules/.cache/eslint/', 'src', 'test', 'bench']],
  ['types', bin('tsc'), ['-p', 'tsconfig.json', '--tsBuildInfoFile', 'node_modules/.cache/tsc-check.tsbuildinfo']],
  ['build', process.execPath, ['scripts/setup.mjs']],
  ['house', bin('depcruise'), ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'src']],
  ['unused', bin('knip'), ['--no-progress']],
  ['format', bin('biome'), ['format', '--max-diagnostics=5', '.']],
  ['package', bin('publint'), ['--pack', 'false']],
];

function runGate([name, command, args]) {
  return new Promise((done) => {
    const started = Date.now();
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0' },
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('close', (code) => {
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`);
      if (code !== 0) process.stdout.write(`${Buffer.concat(chunks).toString()}\n`);
      done(code === 0);
    });
  });
}

installPackages();
const queue = [...gates];
let good = true;
async function worker() {
  for (let gate = queue.shift(); gate; gate = queue.shift()) good = (await runGate(gate)) && good;
}
await Promise.all([worker(), worker()]);
process.exitCode = good ? 0 : 1;
