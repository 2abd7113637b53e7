import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex, hash, nextTurn, toHex } from '../src/base/index.js';
import { completePolicy, preparePolicy } from '../src/attestation/appraise/index.js';
import {
  createMemoryReferences,
  openSqliteReferences,
  type ReferenceDatabase,
  type ReferenceEntry,
} from '../src/attestation/index.js';
import { firstPosition, judgeEvidence } from '../src/attestation/verifier/index.js';
import { EntryCatalog } from '../src/attestation/verify/index.js';
import { bootAggregate, createImaLog, decodeImaLog, replayImaLog } from '../src/tpm/logs/index.js';

const entries = Number(process.env['BENCH_ENTRIES'] ?? 100_000);
const rows = Number(process.env['BENCH_REFERENCES'] ?? 1_000_000);
const zeros = new Uint8Array(32);

const digestOf = (n: number): string => createHash('sha256').update(`file ${n}`).digest('hex');
const pathOf = (n: number): string => `/usr/lib/x86_64-linux-gnu/package-${n % 977}/libsomething-${n}.so.6`;

function report(what: string, count: number, milliseconds: number): void {
  const rate = Math.round((count / milliseconds) * 1000);
  console.log(
    `${what.padEnd(58)} ${rate.toLocaleString('en').padStart(12)} /s   ${milliseconds.toFixed(0).padStart(6)} ms`,
  );
}

function* referenceRows(count: number): Generator<ReferenceEntry> {
  for (let n = 0; n < count; n++) {
    yield { algorithm: 'sha256', digest: digestOf(n), path: pathOf(n), status: 'good', package: `p${n % 977}` };
  }
}

/** Longest time that the event loop did not turn while `work` ran. */
async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  let running = true;
  let longest = 0;
  const watch = (async () => {
    let before = performance.now();
    while (running) {
      await nextTurn();
      const now = performance.now();
      longest = Math.max(longest, now - before);
      before = now;
    }
  })();
  await work();
  running = false;
  await watch;
  return longest;
}

const pcrs = Object.fromEntries(Array.from({ length: 10 }, (_, pcr) => [pcr, zeros]));
const log = createImaLog();
log.measure({ path: 'boot_aggregate', digest: { algorithm: 'sha256', value: bootAggregate('sha256', pcrs) ?? zeros } });
for (let n = 0; n < entries; n++)
  log.measure({ path: pathOf(n), digest: { algorithm: 'sha256', value: fromHex(digestOf(n)) } });
const binary = log.toBinary();
console.log(`${entries} entries, ${(binary.length / entries).toFixed(0)} octets each; node ${process.version}\n`);

let started = performance.now();
decodeImaLog(binary);
report('decode', entries, performance.now() - started);

const replayed = replayImaLog(binary, { banks: ['sha256'] });
started = performance.now();
replayImaLog(binary, { banks: ['sha256'] });
report('replay, SHA-256', entries, performance.now() - started);
started = performance.now();
replayImaLog(binary, { banks: ['sha1', 'sha256'] });
report('replay, SHA-1 and SHA-256', entries, performance.now() - started);

const pcrValues = { sha256: { ...pcrs, 10: replayed.values.sha256 as Uint8Array } };
const selection = [{ bank: 'sha256', indexes: Object.keys(pcrValues.sha256).map(Number) }] as const;
const composite = Buffer.concat(Object.values(pcrValues.sha256));
const quote = {
  akName: new Uint8Array(34),
  extraData: zeros,
  counters: { clock: 1n, resetCount: 1, restartCount: 0, safe: true },
  selection,
  pcrDigest: hash('sha256', composite),
  digestAlgorithm: 'sha256',
} as const;
const prepared = preparePolicy(completePolicy({ name: 'bench', referenceSets: ['bench'], exclude: ['/tmp/.*'] }));

async function judge(references: ReferenceDatabase, catalog: EntryCatalog, data = binary): Promise<void> {
  const result = await judgeEvidence({
    quote,
    measurements: { format: data === binary ? 'binary' : 'ascii', start: 0, data },
    pcrValues,
    prepared,
    references,
    catalog,
    start: firstPosition,
    now: Date.now(),
  });
  if (result.proof?.covered !== entries + 1) throw new Error(JSON.stringify(result.reasons.slice(0, 3)));
}

async function measureJudging(name: string, references: ReferenceDatabase): Promise<void> {
  const catalog = new EntryCatalog(entries * 2 + 2);
  await judge(references, new EntryCatalog(entries * 2 + 2));
  started = performance.now();
  await judge(references, catalog);
  report(`replay and judge, ${name}, entries never seen before`, entries, performance.now() - started);
  started = performance.now();
  await judge(references, catalog);
  report(`replay and judge, ${name}, entries of a known image`, entries, performance.now() - started);
  const longest = await longestBlock(() => judge(references, new EntryCatalog(entries * 2 + 2)));
  console.log(`  longest block of the event loop: ${longest.toFixed(1)} ms`);
}

const memory = createMemoryReferences();
await memory.createSet('bench');
await memory.add('bench', referenceRows(entries));
await measureJudging('references in memory', memory);
const ascii = new Uint8Array(Buffer.from(log.toAscii(), 'latin1'));
started = performance.now();
await judge(memory, new EntryCatalog(entries * 2 + 2), ascii);
report('replay and judge, ASCII list', entries, performance.now() - started);

const folder = mkdtempSync(join(tmpdir(), 'tvdc-bench-'));
try {
  const sqlite = openSqliteReferences(join(folder, 'reference.db'));
  await sqlite.createSet('bench');
  started = performance.now();
  await sqlite.add('bench', referenceRows(rows));
  report(`SQLite: import of ${rows.toLocaleString('en')} references`, rows, performance.now() - started);
  await measureJudging(`${rows.toLocaleString('en')} references in SQLite`, sqlite);
  const queries = Array.from({ length: 500 }, (_, n) => {
    const at = (n * 7919) % rows;
    return { algorithm: 'sha256' as const, digest: digestOf(at), path: pathOf(at) };
  });
  started = performance.now();
  for (let round = 0; round < 100; round++) await sqlite.lookup(['bench'], queries);
  report('SQLite: look-ups, 500 at a time', 500 * 100, performance.now() - started);
  await sqlite.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  `\nmemory: ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB; check ${toHex(quote.pcrDigest).slice(0, 8)}`,
);
