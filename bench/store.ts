// Durable creates, point reads, enumerations and commit latency of the repository on SQLite.
// Argument: how many instances the large population has (1000000 if left out).
import { closeSync, fsyncSync, mkdtempSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CimClass,
  CimDateTime,
  type CimInstance,
  type CimInstancePath,
  type CimType,
  createInstance,
  createInstancePath,
  defaultFlavor,
} from '../src/cim/model/index.js';
import { createRepository, type NamespaceRepository } from '../src/cimom/repository/index.js';
import { openSqliteStore } from '../src/store/index.js';

const key = {
  name: 'Key',
  type: 'boolean',
  isArray: false,
  value: true,
  flavor: defaultFlavor,
  propagated: false,
} as const;

const property = (name: string, type: CimType, isKey = false) => ({
  name,
  type,
  isArray: name.endsWith('Statuses'),
  arraySize: null,
  defaultValue: null,
  referenceClass: null,
  embedded: null,
  classOrigin: null,
  propagated: false,
  qualifiers: isKey ? [key] : [],
});

const sampleClass: CimClass = {
  kind: 'class',
  name: 'TVDC_Sample',
  superclass: null,
  qualifiers: [],
  properties: [
    property('DeviceID', 'string', true),
    property('ElementName', 'string'),
    property('Description', 'string'),
    property('Enabled', 'boolean'),
    property('State', 'uint16'),
    property('Size', 'uint64'),
    property('Load', 'real64'),
    property('Since', 'datetime'),
    property('OperationalStatuses', 'uint16'),
  ],
  methods: [],
  path: null,
};

const keyType = {
  name: 'Key',
  type: 'boolean',
  isArray: false,
  arraySize: null,
  defaultValue: false,
  scopes: new Set(['property', 'reference'] as const),
  flavor: defaultFlavor,
} as const;

const since = CimDateTime.fromUnix(1_700_000_000_000);
const idOf = (at: number): string => `urn:uuid:00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
const pathOf = (at: number): CimInstancePath => createInstancePath('TVDC_Sample', { DeviceID: idOf(at) });

function sample(cls: CimClass, at: number): CimInstance {
  return createInstance(cls, {
    DeviceID: idOf(at),
    ElementName: `sample device ${at}`,
    Description: 'A device of the measurement, with a description of usual length.',
    Enabled: at % 2 === 0,
    State: at % 10,
    Size: BigInt(at) * 4096n,
    Load: at / 7,
    Since: since,
    OperationalStatuses: [2, at % 5],
  });
}

/** A watch for wall clock and CPU; prints the cost of one of `count` things. */
function start(): (what: string, count: number) => void {
  const started = performance.now();
  const used = process.cpuUsage();
  return (what, count) => {
    const milliseconds = performance.now() - started;
    const { user, system } = process.cpuUsage(used);
    const rate = Math.round((count / milliseconds) * 1000);
    const each = `${((milliseconds / count) * 1000).toFixed(1)} µs each, ${((user + system) / count).toFixed(1)} µs of CPU`;
    console.log(`${what}: ${rate} per second, ${each}`);
  };
}

/** Creates `count` instances with so many waiting at a time. */
async function create(space: NamespaceRepository, from: number, count: number, together: number): Promise<void> {
  const cls = space.schema.get('TVDC_Sample') as CimClass;
  let next = from;
  const one = async (): Promise<void> => {
    while (next < from + count) await space.createInstance(sample(cls, next++));
  };
  await Promise.all(Array.from({ length: together }, one));
}

async function measure(space: NamespaceRepository, population: number): Promise<void> {
  const label = `among ${population}`;
  let next = 1_000_000_000 + population * 100;
  for (const together of [1, 8, 32]) {
    const count = together === 1 ? 1_000 : 4_000;
    const report = start();
    await create(space, next, count, together);
    report(`durable creates ${label}, ${together} at a time`, count);
    next += count;
  }
  const random = Array.from({ length: 20_000 }, (_, at) => (at * 7_919) % population);
  const anywhere = start();
  for (const at of random) space.getInstance(pathOf(at));
  anywhere(`point reads ${label}, anywhere`, random.length);
  const few = random.map((at) => at % 500);
  for (const at of few) space.getInstance(pathOf(at));
  const same = start();
  for (const at of few) space.getInstance(pathOf(at));
  same(`point reads ${label}, the same 500`, few.length);
  await changes(space, label);
}

async function changes(space: NamespaceRepository, label: string): Promise<void> {
  const target = space.getInstance(pathOf(5)) as CimInstance;
  const report = start();
  for (let at = 0; at < 500; at++) await space.modifyInstance(target.with({ State: at }), ['State']);
  report(`durable modifications ${label}, 1 at a time`, 500);
  const latencies: number[] = [];
  for (let at = 0; at < 500; at++) {
    const started = performance.now();
    await space.deleteInstance(pathOf(at));
    latencies.push(performance.now() - started);
  }
  latencies.sort((a, b) => a - b);
  const quantile = (share: number): string => (latencies[Math.floor(share * 499)] as number).toFixed(2);
  console.log(
    `latency of a delete ${label}: median ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, worst ${quantile(1)} ms`,
  );
  await create(space, 0, 500, 32);
}

/** Waits until the system has written what it holds back: the next syncs would pay for it. */
function settle(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('tvdc.db')) continue;
    const file = openSync(join(folder, name), 'r');
    fsyncSync(file);
    closeSync(file);
  }
}

async function enumerate(space: NamespaceRepository, what: string): Promise<void> {
  const report = start();
  let count = 0;
  for await (const batch of space.instances('TVDC_Sample')) count += batch.length;
  report(`enumeration of ${count}, ${what}`, count);
}

/** Prints the figures of the store. */
export async function main(): Promise<void> {
  const large = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 1_000_000);
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-bench-'));
  const store = openSqliteStore(join(folder, 'data'));
  try {
    const repository = createRepository(store);
    const space = await repository.createNamespace('root/bench');
    await space.importSchema({ qualifierTypes: [keyType], classes: [sampleClass] });
    await create(space, 0, 1_000, 32);
    await enumerate(space, 'from disk');
    await enumerate(space, 'from memory');
    await measure(space, 1_000);
    const report = start();
    await create(space, 1_000, large - 1_000, 1_000);
    report(`filling up to ${large}`, large - 1_000);
    settle(join(folder, 'data'));
    await measure(space, large);
    await enumerate(space, 'from disk');
    const bytes = statSync(join(folder, 'data', 'tvdc.db')).size;
    const memory = Math.round(process.memoryUsage().rss / 1_048_576);
    console.log(`${Math.round(bytes / 1_048_576)} MiB on disk, ${memory} MiB of memory`);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
