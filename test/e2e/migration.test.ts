import { readFile } from 'node:fs/promises';
import { createInstance } from '../../src/cim/index.js';
import { secretFile } from '../../src/host/foundation/index.js';
import { migrate, openRealPair, type RealHost, type RealPair } from './support/two-hosts.js';

let pair: RealPair;
let a: RealHost;
let b: RealHost;

beforeAll(async () => {
  pair = await openRealPair();
  ({ a, b } = pair);
});
afterAll(() => pair.close());

async function nameList(host: RealHost): Promise<readonly string[]> {
  return (await host.host.vms()).map(({ name }) => name);
}

/** Registers and measurements of a machine, as its host shows them. */
async function measuredOn(host: RealHost, name: string): Promise<unknown> {
  const { id } = await host.host.vm(name);
  const tpm = host.vm.parts.vtpms.get(id);
  const registers: string[] = [];
  for (const register of await host.client.instances('TVDC_PCR').toArray()) {
    const key = register.getString('InstanceID') ?? '';
    if (key.startsWith(`TVDC:${tpm?.uuid}:`)) registers.push(`${key} ${register.getString('Value')}`);
  }
  const entries = host.vm.parts.boot.logs(id)?.measurements(0, 10_000);
  expect(registers.length).toBeGreaterThan(20);
  return { id, tpm: tpm?.uuid, ek: tpm?.identity.ekName, registers, entries };
}

test('a machine that runs moves over HTTPS with label, devices, TPM, registers and logs, and comes back', async () => {
  await a.host.requestState('ma-1', 'start');
  const before = await a.host.vm('ma-1');
  const measured = await measuredOn(a, 'ma-1');
  const issuer = a.vm.parts.vtpms.get(before.id)?.identity.ekCertificateChain;
  const { value, out } = await migrate(a, 'ma-1', 'host-b');
  expect([value, out['Explanation']]).toEqual([0, 'ma-1 is on host-b now.']);
  expect(await nameList(a)).not.toContain('ma-1');
  expect(await b.host.vm('ma-1')).toMatchObject({ id: before.id, label: before.label, state: 'running' });
  expect(await measuredOn(b, 'ma-1')).toEqual(measured);
  // The same key, certified by the host where it is now.
  expect(b.vm.parts.vtpms.get(before.id)?.identity.ekCertificateChain).not.toEqual(issuer);
  await b.host.requestState('ma-1', 'reset');
  expect((await migrate(b, 'ma-1', 'host-a')).value).toBe(0);
  expect(await a.host.vm('ma-1')).toMatchObject({ id: before.id, state: 'running' });
  await a.host.requestState('ma-1', 'stop');
});

test('a machine that is off moves, and starts there', async () => {
  expect((await migrate(a, 'ma-2', 'host-b')).value).toBe(0);
  await b.host.requestState('ma-2', 'start');
  expect(await b.host.vm('ma-2')).toMatchObject({ state: 'running', label: 'ACM:tvdc-sample:MA' });
});

test('records tell of migrations on both sides, and capabilities to which hosts they go', async () => {
  const told = async (host: RealHost): Promise<readonly string[]> =>
    (await host.client.instances('TVDC_MigrationRecord').toArray()).map(
      (item) => `${item.getNumber('Direction')} ${item.getString('Phase')} ${item.getString('Peer')}`,
    );
  expect(await told(a)).toEqual(expect.arrayContaining(['2 moved host-b', '3 moved host-b']));
  expect(await told(b)).toEqual(expect.arrayContaining(['3 moved host-a', '2 moved host-a']));
  const [capabilities] = await a.client.instances('TVDC_VirtualSystemMigrationCapabilities').toArray();
  expect(capabilities?.get('DestinationHosts')).toEqual(['host-b']);
});

test('a check says all that stands against it, and changes nothing', async () => {
  const ComputerSystem = (await a.host.vm('su-1')).path;
  const check = (client = a.client) =>
    a.call('CheckVirtualSystemIsMigratableToHost', { DestinationHost: 'host-b', ComputerSystem }, client);
  expect(await check()).toMatchObject({ value: 0, out: { IsMigratable: true, Reasons: [] } });
  await b.host.removeLabel('vlan:200');
  await b.host.assignLabel('su-1-disk', 'MS');
  const { value, out } = await check();
  expect([value, out['IsMigratable']]).toEqual([0, false]);
  expect(out['ReasonCodes']).toEqual(expect.arrayContaining(['volume_label', 'vlan_label', 'no_common_type']));
  expect((out['Reasons'] as readonly string[]).join('\n')).toMatch(/su-1-disk has ACM:tvdc-sample:MS on this host/);
  const refused = await migrate(a, 'su-1', 'host-b');
  expect(refused.value).toBe(32768);
  expect(refused.out['ReasonCodes']).toEqual(out['ReasonCodes']);
  expect(refused.out['DecisionID']).toMatch(b.vm.parts.identity.uuid);
  expect(await nameList(a)).toContain('su-1');
  await b.host.assignLabel('su-1-disk', 'SU');
  await b.host.assignLabel('vlan:200', 'SU');
});

test('a machine is sent only to hosts of the list, and as it is', async () => {
  expect(await migrate(a, 'su-1', 'https://elsewhere:5989')).toMatchObject({ value: 5 });
  const { path: ComputerSystem } = await a.host.vm('su-1');
  const cls = await a.client.getClass('TVDC_VirtualSystemMigrationSettingData');
  const settings = async (type: number) => {
    const MigrationSettingData = createInstance(cls, { InstanceID: 'x', MigrationType: type });
    return a.call('MigrateVirtualSystemToHost', { DestinationHost: 'host-b', MigrationSettingData, ComputerSystem });
  };
  await expect(settings(2)).rejects.toMatchObject({ status: 4 });
  await expect(settings(3)).rejects.toMatchObject({ status: 4 });
  expect((await settings(4)).value).toBe(0);
  expect((await migrate(b, 'su-1', 'host-a')).value).toBe(0);
});

test('without a verifier nothing is sent, unless the operator says so', async () => {
  await pair.configure({});
  const { value, out } = await migrate(a, 'su-1', 'host-b');
  expect([value, out['ReasonCodes']]).toEqual([32768, ['host_not_trusted']]);
  await pair.configure({ unattested: true });
});

describe('who may do what', () => {
  test('an account of the role peer sees no workload and moves nothing', async () => {
    const secret = (await readFile(secretFile(b.folder, 'host-a'), 'utf8')).trim();
    const peer = b.as('host-a', secret);
    expect(await peer.instances('TVDC_ComputerSystem').toArray()).toEqual([]);
    expect(await peer.instances('TVDC_MigrationRecord').toArray()).toEqual([]);
    expect((await peer.instances('TVDC_HostSystem').toArray()).length).toBe(1);
    const ComputerSystem = (await b.host.vm('ma-2')).path;
    await expect(
      b.call('MigrateVirtualSystemToHost', { DestinationHost: 'host-a', ComputerSystem }, peer),
    ).rejects.toMatchObject({ status: 2 });
    await expect(b.call('DecideByHand', { Decision: 'discard', SystemUUID: 'x' }, peer)).rejects.toMatchObject({
      status: 2,
    });
  });

  test('what peers ask is refused to everybody else, administrators included', async () => {
    for (const method of ['CommitIncoming', 'AbortIncoming', 'GetDecision']) {
      const { value, out } = await b.call(method, { MigrationID: 'x' });
      expect([value, out['Explanation']]).toEqual([4, expect.stringContaining('not the account of a host')]);
    }
    expect((await b.call('PrepareIncoming', { Proposal: '{}' })).value).toBe(4);
  });

  test('a peer that was taken from the list is no longer heard', async () => {
    const secret = (await readFile(secretFile(b.folder, 'host-a'), 'utf8')).trim();
    const peer = b.as('host-a', secret);
    expect((await b.call('AbortIncoming', { MigrationID: 'x' }, peer)).out['Outcome']).toBe('aborted');
    await pair.configure({ peers: [] });
    expect((await b.call('AbortIncoming', { MigrationID: 'x' }, peer)).value).toBe(4);
    await pair.configure({ unattested: true });
  });
});

test('nothing is decided by hand where nothing is in doubt', async () => {
  const { id } = await a.host.vm('su-1');
  await expect(a.call('DecideByHand', { Decision: 'take-back', SystemUUID: id })).rejects.toMatchObject({ status: 6 });
  await expect(a.call('DecideByHand', { Decision: 'other', SystemUUID: id })).rejects.toMatchObject({ status: 4 });
});

test('a destination that does not answer leaves the machine where it was', async () => {
  await pair.configure({
    peers: [
      {
        name: 'host-b',
        url: 'http://127.0.0.1:9',
        user: 'x',
        passwordFile: secretFile(a.folder, 'admin'),
        account: 'y',
      },
    ],
    unattested: true,
  });
  const { value } = await migrate(a, 'su-1', 'host-b').catch(() => ({ value: -1 }));
  expect(value).not.toBe(0);
  expect(await a.host.vm('su-1')).toMatchObject({ state: 'off' });
  await pair.configure({ unattested: true });
});
