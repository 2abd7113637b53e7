// The whole published CIM schema: compile, write, look up. Usage: npm run bench -- mof [schema.zip]
import { readFileSync } from 'node:fs';
import { compileMof, createMapLoader, readZip, writeMof } from '../src/cim/mof/index.js';

const defaultArchive = '../shared/data/dmtf/cim_schema_2.49.0Final-MOFs.zip';

/** CPU milliseconds, user and system, of this process for `work`. */
function measured<T>(name: string, work: () => T): T {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  console.log(`${name.padEnd(28)} ${((user + system) / 1000).toFixed(0).padStart(6)} ms CPU`);
  return result;
}

const archive = readFileSync(process.argv.find((argument) => argument.endsWith('.zip')) ?? defaultArchive);
const files = measured('unpack', () => readZip(archive));
const loader = createMapLoader(files);
const start = [...files.keys()].find((name) => /^cim_schema_[^/]*\.mof$/.test(name));
if (start === undefined) throw new Error('the archive has no cim_schema_*.mof');

const compiled = measured('compile, first', () => compileMof(loader, [start]));
for (let round = 0; round < 4; round++) measured('compile, again', () => compileMof(loader, [start]));
const [namespace] = compiled.namespaces;
if (namespace === undefined || compiled.errors.length > 0) throw new Error('the schema did not compile');
measured('write', () => writeMof(namespace));
console.log(
  `${namespace.classes.length} classes, ${compiled.files.length} files, ${process.memoryUsage().rss >> 20} MiB resident`,
);
