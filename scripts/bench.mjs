// npm run bench [NAME …] [-- ARGUMENTS]: runs the benchmarks of bench/, one process each, straight from the sources.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages, root, run } from './setup.mjs';

installPackages();
const all = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3));
const words = process.argv.slice(2);
const named = words.filter((word) => all.includes(word));
const rest = words.filter((word) => !all.includes(word));
let status = 0;
for (const name of named.length > 0 ? named : all) {
  process.stdout.write(`\n${name}\n`);
  const args = ['--no-warnings', '--import', './scripts/register-typescript.mjs', join('bench', `${name}.ts`), ...rest];
  status = run(process.execPath, args, { stdio: 'inherit' }) || status;
}
process.exitCode = status;
