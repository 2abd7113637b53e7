// The reference database on disk: import, look-ups as the judge asks them, memory, size, start. BENCH_REFERENCES entries
// (10000000 for the goal of the product: about 1.5 GB in the temporary folder, some minutes).
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteReferences, type ReferenceDatabase, type ReferenceEntry } from '../src/attestation/index.js';
import { nextTurn } from '../src/base/index.js';

const rows = Number(process.env['BENCH_REFERENCES'] ?? 200_000);
const filesOfPackage = 100;
// Four versions of each package: the paths stay, every content changes.
const packages = Math.max(1, Math.round(rows / filesOfPackage / 4));
const batch = 200;

const digestOf = (n: number): string => createHash('sha256').update(`file ${n}`).digest('hex');
function pathOf(n: number): string {
  const name = `package-${Math.floor(n / filesOfPackage) % packages}`;
  const file = n % filesOfPackage;
  if (file < 5) return `/usr/bin/${name}-${file}`;
  if (file < 60) return `/usr/lib/x86_64-linux-gnu/${name}/part-${file % 7}/module-${file}.so`;
  return `/usr/share/${name}/resource-${file}.json`;
}

function* entries(): Generator<ReferenceEntry> {
  for (let n = 0; n < rows; n++) {
    const name = `package-${Math.floor(n / filesOfPackage) % packages}`;
    const version = String(Math.floor(n / filesOfPackage / packages) + 1);
    yield { algorithm: 'sha256', digest: digestOf(n), path: pathOf(n), status: 'good', package: name, version };
  }
}

function report(what: string, count: number, { milliseconds, cpu, block }: Measured): void {
  const rate = Math.round((count / milliseconds) * 1000).toLocaleString('en');
  const each = ((cpu * 1000) / count).toFixed(1);
  const longest = `${block.wall.toFixed(0)} ms (CPU ${block.cpu.toFixed(0)} ms)`;
  console.log(`${what.padEnd(42)} ${rate.padStart(10)} /s  ${each.padStart(6)} µs CPU each, longest block ${longest}`);
}

interface Measured {
  readonly milliseconds: number;
  /** Milliseconds of the process. */
  readonly cpu: number;
  /** Longest time that the event loop did not turn; on a busy machine the CPU time of it says more. */
  readonly block: { readonly wall: number; readonly cpu: number };
}

function cpuNow(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function measure(work: () => Promise<unknown>): Promise<Measured> {
  let running = true;
  const block = { wall: 0, cpu: 0 };
  const started = performance.now();
  const cpu = cpuNow();
  const watch = (async () => {
    for (let before = started, used = cpu; running; ) {
      await nextTurn();
      const now = performance.now();
      const usedNow = cpuNow();
      block.wall = Math.max(block.wall, now - before);
      block.cpu = Math.max(block.cpu, usedNow - used);
      before = now;
      used = usedNow;
    }
  })();
  await work();
  const measured = { milliseconds: performance.now() - started, cpu: cpuNow() - cpu, block };
  running = false;
  await watch;
  return measured;
}

async function measureLookups(
  references: ReferenceDatabase,
  what: string,
  query: (n: number) => { readonly digest: string; readonly path: string },
): Promise<void> {
  const rounds = 250;
  const batches = Array.from({ length: rounds }, (_, round) =>
    Array.from({ length: batch }, (_item, n) => ({
      algorithm: 'sha256' as const,
      ...query((round * batch + n) * 7919),
    })),
  );
  const measured = await measure(async () => {
    for (const queries of batches) await references.lookup(['all'], queries);
  });
  report(what, rounds * batch, measured);
}

const megabytes = (file: string): number => (existsSync(file) ? Math.round(statSync(file).size / 2 ** 20) : 0);

const folder = mkdtempSync(join(tmpdir(), 'tvdc-bench-'));
const file = join(folder, 'references.db');
try {
  console.log(`${rows.toLocaleString('en')} references; node ${process.version}; look-ups ${batch} at a time\n`);
  const before = process.memoryUsage().rss;
  let peak = before;
  let references = openSqliteReferences(file);
  const progress = (): void => void (peak = Math.max(peak, process.memoryUsage().rss));
  report('import', rows, await measure(() => references.replace('all', entries(), { progress })));
  const make = async (): Promise<number> => [...entries()].length;
  if (rows <= 500_000) report('  of which the bench makes entries for', rows, await measure(make));
  console.log(`  memory +${Math.round((peak - before) / 2 ** 20)} MiB at most`);
  console.log(`  file ${megabytes(file)} MiB, log of writes ${megabytes(`${file}-wal`)} MiB`);
  await references.close();
  const started = performance.now();
  references = openSqliteReferences(file);
  await references.lookup(['all'], [{ algorithm: 'sha256', digest: digestOf(1), path: pathOf(1) }]);
  console.log(`start and first look-up: ${(performance.now() - started).toFixed(1)} ms`);
  await measureLookups(references, 'look-ups, all there', (n) => ({
    digest: digestOf(n % rows),
    path: pathOf(n % rows),
  }));
  await measureLookups(references, 'look-ups, path there with other digests', (n) => ({
    digest: digestOf(-n - 1),
    path: pathOf(n % rows),
  }));
  await measureLookups(references, 'look-ups, nothing there', (n) => ({
    digest: digestOf(-n - 1),
    path: `/opt/none/${n}`,
  }));
  const more = [{ algorithm: 'sha256', digest: digestOf(-1), path: '/new', status: 'good' }] as const;
  report('one more entry', 1, await measure(() => references.add('all', more)));
  console.log(`memory: ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
  await references.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
