// What our client costs: decoding, round trips, iterating over many instances; beside pywbem, measured with the same data.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { decodeResponse, encodeResponse } from '../src/cim/codec/index.js';
import type { CimClass, CimInstance } from '../src/cim/model/index.js';
import type { EnumerateInstances } from '../src/cim/operations/index.js';
import { WbemClient } from '../src/client/wbem/index.js';
import { createHttpTransport } from '../src/http/client/index.js';
import { item, itemClass, itemPath, namespaces } from './wbem/data.js';
import { account, type MeasuredServer, startServer } from './wbem/process.js';

const answerInstances = 10_000;
const pieceBytes = 64 * 1024;

const request: EnumerateInstances = {
  kind: 'EnumerateInstances',
  namespace: namespaces.usual,
  className: 'BENCH_Item',
  deepInheritance: true,
  includeClassOrigin: false,
  propertyList: null,
};

/** CPU milliseconds of this process for `work`. */
async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** What the work costs when nothing else is on the machine: others only add to it. */
function lowest(values: readonly number[]): number {
  return Math.min(...values);
}

function tell(what: string, figure: string, goal: string, peer: string): void {
  console.log(`${what.padEnd(44)} ${figure.padStart(24)}   goal ${goal.padEnd(10)} pywbem ${peer}`);
}

async function answerOf(cls: CimClass): Promise<Buffer> {
  async function* batches(): AsyncGenerator<readonly CimInstance[], void, undefined> {
    yield Array.from({ length: answerInstances }, (_, at) => item(cls, at));
  }
  const encoded = encodeResponse('1', request, { kind: 'named-instances', batches: batches() });
  const pieces: Buffer[] = [];
  for await (const piece of encoded) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* piecesOf(answer: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < answer.length; at += pieceBytes) yield answer.subarray(at, at + pieceBytes);
}

async function measureDecoding(): Promise<void> {
  const answer = await answerOf(itemClass());
  const times: number[] = [];
  for (let turn = 0; turn < 12; turn++) {
    const time = await cpuOf(async () => {
      const result = await decodeResponse(request, piecesOf(answer));
      let count = 0;
      for await (const batch of result.batches) count += batch.length;
      if (count !== answerInstances) throw new Error('instances are missing');
    });
    if (turn > 2) times.push(time);
  }
  const rate = (answerInstances / lowest(times)) * 1000;
  const figure = `${Math.round(rate).toLocaleString('en')} a second`;
  tell(`decoding, ${Math.round(answer.length / answerInstances)} bytes an instance`, figure, '60,000', '2,300–4,500');
}

async function measureRoundTrips(client: WbemClient, together: number, goal: string): Promise<void> {
  const count = 4000;
  const paths = Array.from({ length: 1000 }, (_, at) => itemPath(at));
  let next = 0;
  const run = async (): Promise<void> => {
    await Promise.all(
      Array.from({ length: together }, async () => {
        while (next < count) await client.getInstance(paths[next++ % paths.length] ?? itemPath(0));
      }),
    );
    next = 0;
  };
  await run();
  const times: number[] = [];
  for (let turn = 0; turn < 8; turn++) times.push((await cpuOf(run)) / count);
  tell(`GetInstance, ${together} at a time`, `${lowest(times).toFixed(3)} ms CPU`, `${goal} ms`, '1.0 ms');
}

async function measureIteration(client: WbemClient): Promise<void> {
  let count = 0;
  let most = 0;
  const before = process.memoryUsage.rss();
  const time = await cpuOf(async () => {
    for await (const instance of client.instances('BENCH_Item', { namespace: namespaces.huge })) {
      if (instance.path === null) throw new Error('an instance without name');
      if (++count % 5000 === 0) most = Math.max(most, process.memoryUsage.rss());
    }
  });
  const rate = `${Math.round((count / time) * 1000).toLocaleString('en')} a second`;
  tell(`iterating over ${count.toLocaleString('en')} instances`, rate, '–', '2,900');
  console.log(
    `  resident memory grew by at most ${Math.max(0, Math.round((most - before) / 1_048_576))} MiB meanwhile`,
  );
}

/** A million instances in one answer; some values are kept, which must not keep the answer. */
async function measureMillion(): Promise<void> {
  const wanted = 1_000_000;
  const child = fork(fileURLToPath(new URL('wbem/bare-server.ts', import.meta.url)), [String(wanted)], {
    execArgv: ['--no-warnings', '--import', './scripts/register-typescript.mjs'],
  });
  const [port] = (await once(child, 'message')) as [number];
  const transport = createHttpTransport({ url: `http://127.0.0.1:${port}`, timeout: 0 });
  const kept: (string | null)[] = [];
  let count = 0;
  let before = 0;
  let most = 0;
  const time = await cpuOf(async () => {
    for await (const instance of new WbemClient(transport).instances('BENCH_Row', { pull: 'never' })) {
      if (++count % 1000 === 0) kept.push(instance.getString('Description'));
      if (count % 10_000 !== 0) continue;
      // What the engine takes once, for code and buffers, is there after the first fiftieth.
      if (count === wanted / 50) before = process.memoryUsage.rss();
      most = Math.max(most, process.memoryUsage.rss());
    }
  });
  if (count !== wanted || kept.includes(null)) throw new Error('instances are missing');
  const rate = `${Math.round((count / time) * 1000).toLocaleString('en')} a second`;
  tell(`iterating over ${count.toLocaleString('en')} instances of one answer`, rate, '–', '–');
  console.log(
    `  resident memory grew by at most ${Math.max(0, Math.round((most - before) / 1_048_576))} MiB meanwhile`,
  );
  await transport.close();
  child.disconnect();
}

async function main(): Promise<void> {
  await measureDecoding();
  const server: MeasuredServer = await startServer();
  const url = `http://127.0.0.1:${server.port}`;
  const transport = createHttpTransport({ url, user: account.user, password: account.secret });
  const client = new WbemClient(transport, { namespace: namespaces.usual });
  try {
    await measureRoundTrips(client, 1, '0.15');
    await measureRoundTrips(client, 8, '0.06');
    await measureIteration(client);
  } finally {
    await transport.close();
    await server.stop();
  }
  await measureMillion();
}

await main();
