import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTpmClient, ekEccTemplate, parsePcrSelection, type TpmClient } from '../../../src/tpm/index.js';
import { createSoftwareTpm, type ServedTpm, serveSoftwareTpm } from '../../../src/vtpm/index.js';
import { openTcpTransport } from '../../../src/vtpm/swtpm/index.js';

const ok = '00000000';
const badParameter = '00000003';
const fail = '00000009';
const badOrdinal = '0000000a';
const stop = '0000000e';
const initialize = '0000000200000000';
const storeVolatile = '0000000a';
const pcr10 = parsePcrSelection('sha256:10');
const event = [{ algorithm: 'sha256', digest: new Uint8Array(32).fill(1) }] as const;

function u32(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function setState(type: 1 | 2, state: Uint8Array): string {
  return `0000000d${u32(0)}${u32(type)}${u32(state.length)}${Buffer.from(state).toString('hex')}`;
}

/** What comes back to `hex`: `octets` of it, or all until the other side closes. */
function exchange(port: number, hex: string, octets = Infinity): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    const done = (): void => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('hex'));
    };
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (Buffer.concat(chunks).length >= octets) done();
    });
    socket.on('end', done);
    socket.on('error', reject);
    socket.write(Buffer.from(hex, 'hex'));
  });
}

let folder: string;
let served: ServedTpm[];

async function serve(name = 'tpm'): Promise<ServedTpm> {
  const tpm = await serveSoftwareTpm({ port: 0, folder: join(folder, name) });
  served.push(tpm);
  return tpm;
}

async function asked<T>({ port }: ServedTpm, work: (client: TpmClient) => Promise<T>): Promise<T> {
  const client = createTpmClient(await openTcpTransport('127.0.0.1', port));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

const ekOf = (tpm: ServedTpm): Promise<string> =>
  asked(tpm, async (client) => {
    const { handle, name } = await client.createPrimary('endorsement', ekEccTemplate);
    await client.flushContext(handle);
    return Buffer.from(name).toString('hex');
  });
const valueOf = (tpm: ServedTpm, selection = pcr10): Promise<string> =>
  asked(tpm, async (client) => Buffer.from((await client.pcrRead(selection)).values[0]!.digest).toString('hex'));
const control = ({ controlPort }: ServedTpm, request: string, octets = 4): Promise<string> =>
  exchange(controlPort, request, octets);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tvdc-serve-'));
  served = [];
});

afterEach(async () => {
  await Promise.all(served.map((tpm) => tpm.close()));
  await rm(folder, { recursive: true });
});

test('a folder has one server, and is free again when that has ended', async () => {
  const first = await serve();
  const ek = await ekOf(first);
  await expect(serve()).rejects.toMatchObject({ code: 'store_locked' });
  await first.close();
  await first.close();
  expect(await ekOf(await serve())).toBe(ek);
});

test.each([
  ['of a size that no command has', '800100000006', '80010000000a0000009a'],
  [
    'of size 0, with another behind it',
    '80010000000080010000000c000001440000',
    '80010000000a0000014280010000000a00000100',
  ],
  ['of another tag', '12340000000a0000017b', '00c40000000a0000001e'],
  ['larger than a TPM takes', `800100001388${'00'.repeat(4994)}`, '80010000000a00000142'],
])('a command %s gets the code of the TPM', async (_what, request, response) => {
  const { port } = await serve();
  expect(await exchange(port, request, response.length / 2)).toBe(response);
});

test('what is larger than anything that is sent ends the connection', async () => {
  const { port, controlPort } = await serve();
  expect(await exchange(port, `8001${u32(2 << 20)}`)).toBe('80010000000a00000142');
  expect(await exchange(controlPort, `0000000d${u32(0)}${u32(1)}7fffffff`)).toBe(badParameter);
});

test('octets of a state that is too large are no commands', async () => {
  const tpm = await serve();
  const shutdown = '00000003';
  const inside = Buffer.from(shutdown.repeat(150_000), 'hex');
  expect(await control(tpm, `${setState(1, inside)}00000001`, 12)).toBe(`${badParameter}${ok}0000270b`);
  expect(await valueOf(tpm)).toBe('00'.repeat(32));
});

test('a measurement in pieces is one measurement', async () => {
  const tpm = await serve();
  const digest = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();
  const data = (text: string): string => `00000007${u32(text.length)}${Buffer.from(text).toString('hex')}`;
  expect(await control(tpm, data('early'))).toBe(badOrdinal);
  expect(await control(tpm, `00000006${data('kernel')}${data(' and initrd')}00000008`, 16)).toBe(ok.repeat(4));
  const expected = digest(Buffer.concat([Buffer.alloc(32), digest('kernel and initrd')])).toString('hex');
  expect(await valueOf(tpm, parsePcrSelection('sha256:17'))).toBe(expected);
  expect(await control(tpm, '00000008')).toBe(badOrdinal);
});

test('a state that is given is kept at once; what is no state does not take its place', async () => {
  const source = createSoftwareTpm();
  const client = createTpmClient(source);
  await client.startup('clear');
  const { name } = await client.createPrimary('endorsement', ekEccTemplate);
  const first = await serve();
  const state = source.savePermanentState();
  expect(await control(first, setState(1, state))).toBe(badOrdinal);
  expect(await control(first, `${stop}${setState(1, state)}`, 8)).toBe(ok.repeat(2));
  expect(await control(first, setState(1, state.subarray(0, 40)))).toBe(fail);
  await first.close();
  expect(await ekOf(await serve())).toBe(Buffer.from(name).toString('hex'));
});

test('a stored volatile state goes on once, and not when the TPM went on without it', async () => {
  const first = await serve();
  await asked(first, (client) => client.pcrExtend(10, event));
  const extended = await valueOf(first);
  expect(await control(first, storeVolatile)).toBe(ok);
  await first.close();
  const second = await serve();
  expect(await valueOf(second)).toBe(extended);
  expect(await readdir(join(folder, 'tpm'))).not.toContain('tpm.volatile');

  expect(await control(second, storeVolatile)).toBe(ok);
  expect(await readdir(join(folder, 'tpm'))).toContain('tpm.volatile');
  await asked(second, (client) => client.pcrExtend(10, event));
  expect(await readdir(join(folder, 'tpm'))).not.toContain('tpm.volatile');
  await second.close();
  expect(await valueOf(await serve())).toBe('00'.repeat(32));
});

test('many commands at once are all answered', async () => {
  const tpm = await serve();
  const random = '80010000000c0000017b0020';
  const count = 3000;
  const answers = await exchange(tpm.port, random.repeat(count), count * 44);
  expect(answers).toHaveLength(2 * count * 44);
  expect(await control(tpm, initialize)).toBe(ok);
});
