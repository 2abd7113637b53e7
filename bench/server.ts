// CPU of our object manager for each operation, beside the best of OpenPegasus and sfcb measured with the same classes and data.
// Arguments: --only TEXT (operations whose name has it), --connections N (only so many),
// --seconds N (for each measurement), --profile DIR (of the server).
import Table from 'cli-table3';
import { Connection } from './wbem/connection.js';
import { namespaces } from './wbem/data.js';
import { type Measured, operations, prepared } from './wbem/operations.js';
import { type MeasuredServer, startServer } from './wbem/process.js';

const mostOperations = 200_000;

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

const seconds = Number(argument('seconds') ?? 0.8);

interface Result {
  readonly rate: number;
  readonly cpu: number;
  readonly p99: number;
  /** Bytes received for one operation. */
  readonly bytes: number;
}

/** Runs the operation on each connection for a time; the operations' milliseconds. */
async function load(operation: Measured, connections: readonly Connection[], duration: number): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + duration * 1000;
  await Promise.all(
    connections.map(async (connection) => {
      do {
        const started = performance.now();
        await operation.run(connection);
        times.push(performance.now() - started);
      } while (performance.now() < until && times.length < mostOperations);
    }),
  );
  return times;
}

function totalOf(connections: readonly Connection[]): number {
  return connections.reduce((sum, connection) => sum + connection.received, 0);
}

async function measure(server: MeasuredServer, operation: Measured, count: number): Promise<Result> {
  const connections = await Promise.all(Array.from({ length: count }, () => Connection.open(server.port)));
  try {
    await load(operation, connections, seconds * 0.75);
    const before = await server.usage();
    const received = totalOf(connections);
    const started = performance.now();
    const times = await load(operation, connections, seconds);
    const elapsed = performance.now() - started;
    const { cpu } = await server.usage();
    times.sort((a, b) => a - b);
    return {
      rate: (times.length / elapsed) * 1000,
      cpu: (cpu - before.cpu) / times.length,
      bytes: (totalOf(connections) - received) / times.length,
      p99: times[Math.floor(times.length * 0.99)] ?? 0,
    };
  } finally {
    for (const connection of connections) connection.close();
  }
}

const digits = (value: number): string => value.toFixed(value < 1 ? 3 : value < 100 ? 2 : 0);

async function measureOperations(server: MeasuredServer): Promise<void> {
  const table = new Table({
    head: ['operation', 'connections', 'kB', 'per second', 'p99 ms', 'CPU ms', 'best peer', 'ratio', 'goal', ''],
    style: { head: [], border: [] },
  });
  const only = argument('only') ?? '';
  const wanted = operations().filter(({ name }) => name.includes(only));
  // The first operation would otherwise pay for what the compiler has not seen yet.
  if (wanted[0] !== undefined) await measure(server, wanted[0], 8);
  for (const operation of wanted) {
    const asked = argument('connections');
    for (const count of asked === undefined ? operation.connections : [Number(asked)]) {
      const { rate, cpu, p99, bytes } = await measure(server, operation, count);
      const peer = operation.peer.figures[[1, 8, 32].indexOf(count)] ?? null;
      const goal = operation.goal[count === 1 ? 0 : 1];
      table.push([
        operation.name,
        count,
        digits(bytes / 1000),
        Math.round(rate),
        digits(p99),
        digits(cpu),
        peer === null ? '–' : `${peer} ${operation.peer.name === 'either' ? '' : operation.peer.name}`.trim(),
        peer === null ? '–' : (cpu / peer).toFixed(2),
        goal,
        cpu <= goal ? 'reached' : 'missed',
      ]);
    }
  }
  console.log(table.toString());
  const { resident } = await server.usage();
  console.log(`resident memory of the server afterwards: ${Math.round(resident / 1_048_576)} MiB`);
}

const enumerateAll = (namespace: string) =>
  prepared({
    kind: 'EnumerateInstances',
    namespace,
    className: 'BENCH_Item',
    deepInheritance: true,
    includeClassOrigin: false,
    propertyList: null,
  });

async function measureFirstByte(server: MeasuredServer): Promise<void> {
  const connection = await Connection.open(server.port);
  const request = enumerateAll(namespaces.large);
  const times: number[] = [];
  for (let turn = 0; turn < 8; turn++) {
    times.push((await connection.call(request)).firstByte);
  }
  connection.close();
  const [first, ...later] = times as [number, ...number[]];
  later.sort((a, b) => a - b);
  console.log(
    `first byte of 10 000 instances: ${digits(first)} ms the first time, then ${digits(later[3] ?? 0)} ms (goals 10 and 5; best peer 2–3, sfcb)`,
  );
}

/** The longest that somebody else has to wait while 100 000 instances are enumerated. */
async function measureFairness(server: MeasuredServer): Promise<void> {
  const [large, other] = await Promise.all([Connection.open(server.port), Connection.open(server.port)]);
  const getInstance = operations().find(({ name }) => name === 'GetInstance') as Measured;
  const request = enumerateAll(namespaces.huge);
  for (const which of ['from disk', 'again']) {
    let running = true;
    const started = performance.now();
    const enumeration = large.call(request).finally(() => {
      running = false;
    });
    let longest = 0;
    while (running) {
      const asked = performance.now();
      await getInstance.run(other);
      longest = Math.max(longest, performance.now() - asked);
    }
    await enumeration;
    console.log(
      `longest wait of another client during 100 000 instances (${which}, ${Math.round(performance.now() - started)} ms): ${digits(longest)} ms (goal 20)`,
    );
  }
  large.close();
  other.close();
}

async function main(): Promise<void> {
  const profile = argument('profile');
  const server = await startServer(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]);
  try {
    await measureOperations(server);
    if (argument('only') !== undefined) return;
    await measureFirstByte(server);
    await measureFairness(server);
  } finally {
    await server.stop();
  }
}

await main();
