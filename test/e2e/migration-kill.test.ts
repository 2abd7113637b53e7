import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  createUser,
  decideMigration,
  listMigrations,
  type MethodRefusedError,
  migrateVm,
} from '../../src/client/management/index.js';
import { type Gateway, openGateway, ServedHost } from './support/served-host.js';
import { prepareMachines } from './support/two-hosts.js';

const machine = 'ma-1';
const over = ['moved', 'stayed'];
const rounds = 300;

let folder: string;
let a: ServedHost;
let b: ServedHost;
/** Before each host, for what the other one asks. */
let gates: Map<ServedHost, Gateway>;

/** Tells a host of the other one. */
async function writePeers(host: ServedHost, other: ServedHost): Promise<void> {
  const url = gates.get(other)?.url;
  const peer = { name: other.name, url, user: host.name, passwordFile: 'peer.secret', account: other.name };
  await writeFile(join(host.folder, 'peers.json'), JSON.stringify({ format: 1, peers: [peer], unattested: true }));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tvdc-kill-'));
  a = await ServedHost.open('host-a', join(folder, 'a'));
  await cp(join(folder, 'a', 'ca', 'root'), join(folder, 'b', 'ca', 'root'), { recursive: true });
  b = await ServedHost.open('host-b', join(folder, 'b'));
  gates = new Map([
    [a, await openGateway(a.port)],
    [b, await openGateway(b.port)],
  ]);
  for (const [own, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const secret = await own.ask(async (host) => {
      const made = await createUser(host, other.name);
      await host.grantRole(other.name, 'peer', null, []);
      await prepareMachines(host, own === a);
      return made;
    });
    await writeFile(join(other.folder, 'peer.secret'), secret);
    await writePeers(other, own);
  }
}, 60_000);

afterAll(async () => {
  for (const host of [a, b]) await host?.kill('SIGTERM');
  for (const gate of gates?.values() ?? []) await gate.close();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

async function until(condition: () => boolean): Promise<string> {
  for (let round = 0; round < 5 * rounds && !condition(); round++) await wait(20);
  return 'done';
}

/** The hosts that have the machine, once nothing is under way any more. */
async function homes(): Promise<readonly ServedHost[]> {
  for (let round = 0; round < rounds; round++) {
    // First whether all is over: a machine that leaves between two looks would be seen twice.
    let open = 0;
    for (const host of [a, b]) {
      open += (await host.ask(listMigrations)).filter(({ phase }) => !over.includes(phase)).length;
    }
    const found: ServedHost[] = [];
    for (const host of [a, b]) {
      if ((await host.ask((asked) => asked.vms())).some(({ name }) => name === machine)) found.push(host);
    }
    if (open === 0) return found;
    await wait(100);
  }
  throw new Error('a migration does not end');
}

test.each([
  ['source', 'TransferIncoming', 'after', 'stays'],
  ['source', 'CommitIncoming', 'before', 'moves'],
  ['source', 'CommitIncoming', 'after', 'moves'],
  ['destination', 'TransferIncoming', 'after', 'stays'],
  ['destination', 'CommitIncoming', 'before', 'moves'],
  ['destination', 'CommitIncoming', 'after', 'moves'],
] as const)(
  'the %s is killed at %s, %s it took effect: the machine %s, and runs on one host',
  async (side, method, when, end) => {
    const [home] = (await homes()) as [ServedHost];
    const target = home === a ? b : a;
    await home.ask(async (host) => {
      const { state } = await host.vm(machine);
      await host.requestState(machine, state === 'off' ? 'start' : 'reset');
    });
    const victim = side === 'source' ? home : target;
    const gate = gates.get(target) as Gateway;
    const blow: { struck?: Promise<void> } = {};
    const strike = async (asked: string): Promise<boolean> => {
      if (asked !== method || blow.struck !== undefined) return true;
      blow.struck = victim.kill();
      await blow.struck;
      return false;
    };
    if (when === 'before') gate.onRequest = strike;
    else gate.onAnswer = strike;
    const migration = home
      .ask(async (host) => migrateVm(host, await host.vm(machine), target.name))
      .catch((error: unknown) => error);
    // A migration that ends without coming to that step fails the test with what it said.
    const first = await Promise.race([migration, until(() => blow.struck !== undefined)]);
    expect(blow.struck === undefined ? first : 'done').toBe('done');
    await blow.struck;
    await victim.start();
    await migration;
    gate.onRequest = async () => true;
    gate.onAnswer = async () => true;
    expect((await homes()).map(({ name }) => name)).toEqual([end === 'moves' ? target.name : home.name]);
    const [now] = (await homes()) as [ServedHost];
    expect(await now.ask((host) => host.vm(machine))).toMatchObject({ state: 'running' });
    await now.ask((host) => host.requestState(machine, 'stop'));
  },
  60_000,
);

test('a destination that is gone for good: the machine is taken back by hand, and dropped there if it comes back after all', async () => {
  const [home] = (await homes()) as [ServedHost];
  const target = home === a ? b : a;
  await home.ask((host) => host.requestState(machine, 'start'));
  const gate = gates.get(target) as Gateway;
  const blow: { struck?: Promise<void> } = {};
  gate.onRequest = async (asked) => {
    if (blow.struck !== undefined) return false;
    if (asked !== 'CommitIncoming') return true;
    blow.struck = target.kill();
    await blow.struck;
    return false;
  };
  const migration = home
    .ask(async (host) => migrateVm(host, await host.vm(machine), target.name))
    .then(
      () => 'moved',
      (error: unknown) => error,
    );
  const first = await Promise.race([migration, until(() => blow.struck !== undefined)]);
  expect(blow.struck === undefined ? first : 'done').toBe('done');
  await blow.struck;
  const { id } = await home.ask((host) => host.vm(machine));
  const takeBack = (): Promise<unknown> =>
    home.ask((host) => decideMigration(host, id, 'take-back')).catch((error: unknown) => error);
  // Nobody interferes while the migration is still being driven.
  let refused = await takeBack();
  for (let round = 0; round < rounds && (refused as MethodRefusedError).returnValue === 4097; round++) {
    await wait(100);
    refused = await takeBack();
  }
  // Somebody still takes connections there: it is not gone.
  expect(refused).toMatchObject({ returnValue: 6 });
  await gate.close();
  await home.ask((host) => decideMigration(host, id, 'take-back'));
  expect(await migration).toMatchObject({ message: expect.stringContaining('it stayed here') as string });
  expect(await home.ask((host) => host.vm(machine))).toMatchObject({ state: 'running' });
  const again = await openGateway(target.port);
  gates.set(target, again);
  await writePeers(home, target);
  await target.start();
  expect((await homes()).map(({ name }) => name)).toEqual([home.name]);
  expect(await home.ask((host) => host.vm(machine))).toMatchObject({ state: 'running' });
}, 60_000);
