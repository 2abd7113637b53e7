// npm test: sets everything up, runs the whole suite, ends with "N passed, N failed, N skipped".
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installParts } from './debian.mjs';
import { root, setUp } from './setup.mjs';

setUp();
installParts();

const folder = mkdtempSync(join(tmpdir(), 'tvdc-test-'));
const report = join(folder, 'report.json');
const args = ['--json', `--outputFile=${report}`, '--reporters=default', ...process.argv.slice(2)];
const env = {
  ...process.env,
  // The tester's own saved connections are none of the tests' business.
  XDG_CONFIG_HOME: join(root, 'node_modules', '.no-config'),
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --no-warnings`.trim(),
};
const result = spawnSync(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), ...args], {
  cwd: root,
  env,
  stdio: ['ignore', 'ignore', 'inherit'],
});

let failed = 1;
let passed = 0;
let skipped = 0;
try {
  const summary = JSON.parse(readFileSync(report, 'utf8'));
  passed = summary.numPassedTests;
  failed = summary.numFailedTests + summary.numRuntimeErrorTestSuites;
  skipped = summary.numPendingTests + summary.numTodoTests;
} catch {
  process.stderr.write('jest wrote no report\n');
}
rmSync(folder, { recursive: true, force: true });
if (failed === 0 && passed === 0) failed = 1;
if (result.status !== 0 && failed === 0) failed = 1;
if (skipped > 0 && process.env.CI === 'true') {
  process.stderr.write(`in CI nothing may be skipped, but ${skipped} tests were\n`);
  failed += skipped;
  skipped = 0;
}
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;
