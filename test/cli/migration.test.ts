import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRealPair, type RealHost, type RealPair } from '../e2e/support/two-hosts.js';
import { type Outcome, run } from './run.js';

let pair: RealPair;

beforeAll(async () => {
  pair = await openRealPair();
});
afterAll(() => pair.close());

const on = (host: RealHost, ...argv: readonly string[]): Promise<Outcome> =>
  run(...argv, '--url', host.url, '--data', host.folder, '--cacert', join(host.folder, 'server.pem'));

test('a check lists what stands against a move, by the exit status too', async () => {
  const fine = await on(pair.a, 'vm', 'migrate', 'ma-1', '--to', 'host-b', '--check');
  expect(fine).toMatchObject({ status: 0, out: 'ma-1 could move to host-b\n' });
  await pair.b.host.removeLabel('vlan:100');
  const bad = await on(pair.a, 'vm', 'migrate', 'ma-1', '--to', 'host-b', '--check');
  expect(bad.status).toBe(1);
  expect(bad.out).toMatch(/^ma-1 cannot move to host-b\n(?:.*\n)*? {2}vlan_label: vlan:100 has no label on this host/);
  const json = await on(pair.a, 'vm', 'migrate', 'ma-1', '--to', 'host-b', '--check', '-o', 'json');
  expect(JSON.parse(json.out)).toMatchObject({ vm: 'ma-1', to: 'host-b', isMigratable: false });
  const refused = await on(pair.a, 'vm', 'migrate', 'ma-1', '--to', 'host-b');
  expect(refused.status).toBe(1);
  expect(refused.notes).toMatch(/vlan:100 has no label on this host/);
  await pair.b.host.assignLabel('vlan:100', 'MA');
});

test('a machine moves, and both hosts tell of it', async () => {
  expect((await on(pair.a, 'vm', 'start', 'ma-1')).status).toBe(0);
  const moved = await on(pair.a, 'vm', 'migrate', 'ma-1', '--to', 'host-b');
  expect(moved).toMatchObject({ status: 0, out: 'ma-1 is on host-b now\n' });
  expect((await on(pair.a, 'vm', 'migrations')).out).toMatch(/^ma-1 +to host-b +moved +\d{4}-\d\d-\d\dT[\d:.]+Z /m);
  expect((await on(pair.b, 'vm', 'migrations')).out).toMatch(/^ma-1 +from host-a +moved /m);
  expect((await on(pair.b, 'vm', 'list')).out).toMatch(/^ma-1 +running /m);
  expect((await on(pair.a, 'vm', 'show', 'ma-1')).status).toBe(1);
});

test('says what is wrong with what was asked', async () => {
  expect((await on(pair.a, 'vm', 'migrate', 'ma-2')).status).toBe(2);
  expect((await on(pair.a, 'vm', 'migrate', 'ma-2', '--to', 'host-b', '--decide', 'accept')).status).toBe(2);
  expect((await on(pair.a, 'vm', 'migrate', 'ma-2', '--decide', 'take-back')).status).toBe(2);
  const elsewhere = await on(pair.a, 'vm', 'migrate', 'ma-2', '--to', 'elsewhere');
  expect(elsewhere.status).not.toBe(0);
  expect(elsewhere.notes).toMatch(/"elsewhere" is not among the hosts/);
  expect((await on(pair.a, 'vm', 'migrate', 'ma-2', '--decide', 'take-back', '--yes')).status).toBe(1);
});

test('says which host cannot be asked', async () => {
  const peersFile = join(pair.a.folder, 'peers.json');
  const before = readFileSync(peersFile, 'utf8');
  writeFileSync(peersFile, before.replace(pair.b.url, 'https://127.0.0.1:1'));
  const refused = await on(pair.a, 'vm', 'migrate', 'ma-2', '--to', 'host-b');
  expect([refused.status, refused.notes]).toEqual([1, expect.stringMatching(/^tvdc: host-b cannot be asked: /)]);
  writeFileSync(peersFile, before);
});
