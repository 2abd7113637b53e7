import { CimError } from '../../src/cim/index.js';
import {
  accessStatistics,
  createUser,
  grantedRoles,
  hostUsers,
  labelReach,
  planPolicy,
  removeUser,
  setSecret,
} from '../../src/client/management/index.js';
import { datacenter, openSampleHost, populateHost, type SampleHost, type SampleUser } from './support/sample-host.js';

let sample: SampleHost;
/** tvdc-admin of Market Analysis alone. */
let operator: SampleUser;
/** datacenter-admin of this datacenter. */
let keeper: SampleUser;
/** datacenter-admin of another one. */
let stranger: SampleUser;

beforeAll(async () => {
  sample = await openSampleHost();
  operator = await populateHost(sample);
  const { admin } = sample;
  keeper = await sample.user('keeper');
  stranger = await sample.user('stranger');
  await admin.host.grantRole('keeper', 'datacenter-admin', datacenter, []);
  const cls = await admin.client.getClass('TVDC_VirtualDatacenter');
  await admin.client.create(cls.name, { CreationClassName: cls.name, Name: 'elsewhere' });
  await admin.host.grantRole('stranger', 'datacenter-admin', 'elsewhere', []);
});
afterAll(() => sample.close());

const statusOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 0,
    (error: unknown) => (error instanceof CimError ? error.status : (error as { code?: unknown }).code),
  );

describe('accounts over CIM', () => {
  test('are handled by whoever has all the roles that they have', async () => {
    const { host } = keeper;
    const secret = await createUser(host, 'guest');
    expect(secret.length).toBeGreaterThan(20);
    await host.grantRole('guest', 'observer', datacenter, []);
    expect(await setSecret(host, 'guest')).not.toBe(secret);
    expect(await setSecret(host, 'guest', 'chosen by hand')).toBeNull();
    await removeUser(host, 'guest');
    expect((await hostUsers(sample.admin.host)).map(({ user }) => user)).not.toContain('guest');
  });

  test('give nobody roles beyond the own', async () => {
    for (const { host } of [keeper, operator]) {
      expect(await statusOf(setSecret(host, 'admin', 'taken over'))).toBe(2);
      expect(await statusOf(removeUser(host, 'admin'))).toBe(2);
    }
    // Of another datacenter not even the service is seen.
    const [service] = await sample.admin.client.enumerateInstanceNames('TVDC_RoleBasedAuthorizationService');
    if (service === undefined) throw new Error('no service');
    for (const user of ['admin', 'keeper', 'stranger']) {
      const parameters = { User: user, Secret: 'taken over' };
      expect(await statusOf(stranger.client.invoke(service, 'SetSecret', parameters))).toBe(2);
    }
    expect(await statusOf(createUser(operator.host, 'friend'))).toBe(2);
    expect(await statusOf(createUser(operator.host, 'admin'))).toBe(2);
    expect((await hostUsers(sample.admin.host)).map(({ user }) => user)).not.toContain('friend');
    const { entries } = sample.vm.parts.journal.read({ after: 0, limit: 10_000, kinds: ['forbidden'] });
    const attempts = entries.map(({ actor, facts }) => `${actor} ${facts['attempt'] as string}`);
    const attempt = 'call TVDC_RoleBasedAuthorizationService.SetSecret';
    expect(attempts).toContain(`keeper ${attempt} for admin`);
    for (const user of ['stranger', operator.name]) expect(attempts).toContain(`${user} ${attempt}`);
  });

  test('have names and secrets of the right form, and do not remove themselves', async () => {
    const { host } = sample.admin;
    for (const name of ['a:b', 'system', 'admin']) {
      expect(await statusOf(createUser(host, name))).toBe('method_refused');
    }
    expect(await statusOf(setSecret(host, 'keeper', 'short'))).toBe('method_refused');
    expect(await statusOf(setSecret(host, 'nobody', 'long enough'))).toBe(6);
    expect(await statusOf(removeUser(host, 'nobody'))).toBe(6);
    expect(await statusOf(removeUser(host, 'admin'))).toBe('method_refused');
  });

  test('and grants are seen by the administrator alone', async () => {
    expect(await grantedRoles(sample.admin.host)).toContainEqual({
      user: operator.name,
      role: 'tvdc-admin',
      datacenter,
      domains: ['Market Analysis'],
    });
    expect(await grantedRoles(operator.host)).toEqual([]);
    expect(await hostUsers(operator.host)).toEqual([]);
  });

  test('never stand in the journal with their secrets', async () => {
    const secret = await createUser(sample.admin.host, 'quiet');
    const { entries } = sample.vm.parts.journal.read({ after: 0, limit: 10_000 });
    expect(entries.some(({ subject }) => subject === 'quiet')).toBe(true);
    expect(JSON.stringify(entries)).not.toContain(secret);
  });
});

describe('the reference monitor over CIM', () => {
  test('plans for the datacenter administrator only', async () => {
    const { path } = await sample.admin.host.policy('tvdc-sample 1.0');
    if (path === null) throw new Error('no path');
    expect((await planPolicy(keeper.host, path)).breaks).toEqual([]);
    expect(await statusOf(planPolicy(operator.host, path))).toBe(2);
  });

  test('counts every start that it refuses', async () => {
    const before = await accessStatistics(sample.admin.host);
    await statusOf(sample.admin.host.requestState('ms-1', 'start'));
    const after = await accessStatistics(operator.host);
    const sum = (counters: typeof after): number => counters.admissions + counters.refusedAdmissions;
    expect(sum(after)).toBe(sum(before) + 1);
    expect(after.hooks.length).toBeGreaterThan(5);
  });

  test('shows a workload what it reaches, within its own scope', async () => {
    const all = await labelReach(sample.admin.host, 'ma-1');
    const own = await labelReach(operator.host, 'ma-1');
    expect(own.elements).toEqual(all.elements);
    await expect(labelReach(operator.host, 'su-1')).rejects.toMatchObject({ code: 'not_found' });
  });
});
