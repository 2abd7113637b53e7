import { decodeMessage, decodeResponse, encodeRequest, encodeResponse } from '../src/cim/codec/index.js';
import { CimDateTime, CimInstance, type CimType, createInstancePath, InstanceShape } from '../src/cim/model/index.js';
import type { CimRequest } from '../src/cim/operations/index.js';

const property = (name: string, type: CimType, isArray = false, isKey = false) => ({
  name,
  type,
  isArray,
  arraySize: null,
  embedded: null,
  referenceClass: null,
  classOrigin: 'CIM_LogicalDevice',
  propagated: true,
  isKey,
});

const shape = new InstanceShape('TVDC_Sample', [
  property('DeviceID', 'string', false, true),
  property('ElementName', 'string'),
  property('Description', 'string'),
  property('Enabled', 'boolean'),
  property('State', 'uint16'),
  property('Size', 'uint64'),
  property('Load', 'real64'),
  property('Since', 'datetime'),
  property('OperationalStatus', 'uint16', true),
]);

function sample(at: number, lasting: boolean): CimInstance {
  const id = `urn:uuid:00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
  return new CimInstance(
    shape,
    [
      id,
      `Sample element number ${at}`,
      'A description of the usual length, with an ampersand & a sign < that both need to be escaped on the wire',
      at % 2 === 0,
      at % 7,
      BigInt(at) * 4096n,
      at / 3,
      CimDateTime.fromUnix(1_700_000_000_000 + at * 1000),
      [2, 15, at % 5],
    ],
    createInstancePath('TVDC_Sample', [{ name: 'DeviceID', type: 'string', value: id }]),
    lasting,
  );
}

const samples = Array.from({ length: 1000 }, (_, at) => sample(at, true));
const fresh = Array.from({ length: 1000 }, (_, at) => sample(at, false));
const namespace = 'root/tvdc';
const enumerate = {
  kind: 'EnumerateInstances',
  namespace,
  className: 'TVDC_Sample',
  deepInheritance: true,
  includeClassOrigin: false,
  propertyList: null,
} as const;

async function* batches(instances: readonly CimInstance[]): AsyncGenerator<readonly CimInstance[], void, undefined> {
  for (let at = 0; at < instances.length; at += 100) yield instances.slice(at, at + 100);
}

async function encodeAll(instances: readonly CimInstance[]): Promise<Buffer[]> {
  const encoded = encodeResponse('1', enumerate, { kind: 'named-instances', batches: batches(instances) });
  const pieces: Buffer[] = [];
  for await (const piece of encoded) pieces.push(piece);
  return pieces;
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function decodeAll(bytes: Buffer): Promise<number> {
  const result = await decodeResponse(enumerate, pieces(bytes));
  let count = 0;
  for await (const batch of result.batches) count += batch.length;
  return count;
}

/** Best of several rounds, as operations a second of CPU time. */
async function measure(name: string, perRound: number, round: () => Promise<void> | void): Promise<void> {
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 25; turn++) {
    const started = process.cpuUsage();
    await round();
    const used = process.cpuUsage(started);
    if (turn > 4) best = Math.min(best, used.user + used.system);
  }
  const each = best / perRound;
  console.log(
    `${name.padEnd(52)} ${each.toFixed(2).padStart(8)} µs ${Math.round(1e6 / each)
      .toLocaleString('en')
      .padStart(12)}/s`,
  );
}

function requests(): readonly (readonly [string, CimRequest])[] {
  const path = samples[0]?.path ?? createInstancePath('TVDC_Sample', {});
  return [
    [
      'GetInstance',
      { kind: 'GetInstance', namespace, instanceName: path, includeClassOrigin: false, propertyList: null },
    ],
    [
      'ModifyInstance, nine properties',
      { kind: 'ModifyInstance', namespace, modifiedInstance: samples[1] as CimInstance, propertyList: null },
    ],
  ];
}

/** Rates of encoding and decoding on one core. */
export async function main(): Promise<void> {
  const bytes = Buffer.concat(await encodeAll(samples));
  console.log(`1000 instances: ${bytes.length} bytes`);
  await measure('encode EnumerateInstances, new instances', 1000, async () => {
    await encodeAll(fresh);
  });
  await measure('encode EnumerateInstances, remembered instances', 1000, async () => {
    await encodeAll(samples);
  });
  await measure('decode EnumerateInstances as a stream', 1000, async () => {
    await decodeAll(bytes);
  });
  for (const [name, request] of requests()) {
    const encoded = encodeRequest('1001', request);
    await measure(`decode request ${name}`, 1000, () => {
      for (let turn = 0; turn < 1000; turn++) decodeMessage(encoded);
    });
    await measure(`encode request ${name}`, 1000, () => {
      for (let turn = 0; turn < 1000; turn++) encodeRequest('1001', request);
    });
  }
  const [, get] = requests()[0] as readonly [string, CimRequest];
  await measure('encode answer GetInstance, remembered', 1000, () => {
    for (const instance of samples) encodeResponse('1001', get, { kind: 'instance', instance });
  });
}

await main();
