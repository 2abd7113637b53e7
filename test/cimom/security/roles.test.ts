import { createInstance, createInstancePath, stringKey } from '../../../src/cim/model/index.js';
import {
  type Action,
  type Caller,
  createGrants,
  createRoleAuthorizer,
  type Grant,
  type Grants,
  type MethodFunction,
  type RoleRule,
  type ScopePort,
  systemCaller,
} from '../../../src/cimom/index.js';
import { createMemoryStore } from '../../../src/store/index.js';
import { createHostProvider } from '../support/hosts.js';
import { all, statusOf } from '../support/outcome.js';
import {
  associatorNames,
  associators,
  createInstanceRequest,
  enumerateInstanceNames,
  enumerateInstances,
  getInstance,
  invoke,
  openEnumerateInstances,
} from '../support/requests.js';
import { createWorld, namespace, type World } from '../support/world.js';

const caller = (user: string): Caller => ({ user, method: 'basic', address: '10.0.0.1' });
const host = (name: string) => createInstancePath('TST_Host', { Name: name });
const mode = { name: 'Mode', type: null, isArray: false, value: '1' };

/** Hosts whose name begins with a domain's identifier belong to that domain; everything else to everybody. */
const scope: ScopePort = {
  isVisible(grants, object) {
    const path = object.kind === 'instance' ? object.path : object;
    if (path?.className !== 'TST_Host') return true;
    const name = stringKey(path, 'Name') ?? '';
    return grants.some((grant) => grant.domains === null || grant.domains.some((domain) => name.startsWith(domain)));
  },
  isDeliverable: (grants, indication) => {
    const name = indication.getString('Name') ?? '';
    return grants.some((grant) => grant.domains === null || grant.domains.some((domain) => name.startsWith(domain)));
  },
};

const rules: readonly RoleRule[] = [
  {
    roles: ['tvdc-admin'],
    classes: ['tst_host'],
    access: 'invoke',
    names: ['START'],
    check: ({ action }) => (action.parameters['Mode'] === 9 ? 'mode 9 is for datacenter-admin' : null),
  },
  { roles: ['tvdc-admin'], classes: ['TST_Note'], access: 'write', names: ['CreateInstance'] },
];

interface Bench {
  readonly world: World;
  readonly grants: Grants;
  readonly denied: string[];
}

async function createBench(...given: readonly Grant[]): Promise<Bench> {
  const store = createMemoryStore();
  const grants = createGrants(store);
  for (const grant of given) await grants.grant(grant);
  const denied: string[] = [];
  const onDenied = (who: Caller, action: Action | null, reason: string) =>
    void denied.push(`${who.user} ${action?.methodName ?? action?.operation ?? '-'}: ${reason}`);
  const run: MethodFunction = async () => ({ returnValue: 0 });
  const world = await createWorld({
    authorizer: createRoleAuthorizer({ grants, scope, rules, onDenied }),
    providers: [createHostProvider(['red1', 'red2', 'blue1'], { methods: { Start: run, Stop: run } })],
  });
  return { world, grants, denied };
}

const red: Grant = { user: 'rita', role: 'tvdc-admin', datacenter: 'dc', domains: ['red'] };
const watcher: Grant = { user: 'otto', role: 'observer', datacenter: 'dc', domains: ['blue'] };
const boss: Grant = { user: 'boss', role: 'datacenter-admin', datacenter: null, domains: null };

test('a user without any role gets 2 before anything else is looked at', async () => {
  const { world, denied } = await createBench();
  const request = getInstance(host('red1'), { namespace: 'root/nowhere' });
  expect(await statusOf(world.as(caller('nobody'), request))).toBe(2);
  expect(denied).toEqual(['nobody -: the user has no role']);
  expect(() => world.manager.admit(caller('nobody'))).toThrow('CIM_ERR_ACCESS_DENIED');
  expect(await statusOf(world.as(systemCaller, request))).toBe(3);
});

test('nobody becomes the host itself by calling himself system, whatever he was granted', async () => {
  const { world } = await createBench({ ...boss, user: 'system' });
  expect(await statusOf(world.as(caller('system'), getInstance(host('red1'))))).toBe(2);
});

test('every way of reading shows only what is in scope', async () => {
  const { world } = await createBench(red, boss);
  const rita = caller('rita');
  const names = async (who: Caller) => {
    const instances = await all((await world.as(who, enumerateInstances('TST_Host'))).batches);
    const paths = await all((await world.as(who, enumerateInstanceNames('TST_Host'))).batches);
    const pulled = await world.as(who, openEnumerateInstances('TST_Host', 10));
    return [instances.length, paths.length, pulled.instances.length];
  };
  expect(await names(rita)).toEqual([2, 2, 2]);
  expect(await names(caller('boss'))).toEqual([3, 3, 3]);
});

test('out of scope a key that exists and one that does not get the same answer', async () => {
  const { world, denied } = await createBench(red);
  const answer = async (name: string) => {
    const error: unknown = await world.as(caller('rita'), getInstance(host(name))).catch((caught: unknown) => caught);
    return String(error);
  };
  expect(await answer('blue1')).toBe(await answer('blue99'));
  expect(await answer('blue1')).toMatch('another workload');
  expect(denied).toHaveLength(3);
  expect(await statusOf(world.as(caller('rita'), getInstance(host('red99'))))).toBe(6);
  expect(await statusOf(world.as(caller('rita'), associators(host('blue1'))))).toBe(2);
});

test('traversals and counts leave out what is out of scope', async () => {
  const { world } = await createBench(red);
  const space = world.repository.space(namespace);
  const make = (name: string) => {
    const cls = space?.schema.get(name);
    if (cls === undefined) throw new Error('no class');
    return cls;
  };
  await space?.createInstance(createInstance(make('TST_Note'), { InstanceID: 'n' }));
  const note = createInstancePath('TST_Note', { InstanceID: 'n' });
  for (const name of ['red1', 'blue1']) {
    await space?.createInstance(createInstance(make('TST_Remark'), { Subject: host(name), Note: note }));
  }
  const rita = caller('rita');
  const names = await all((await world.as(rita, associatorNames(note))).batches);
  expect(names.map((path) => (path.kind === 'instance-path' ? path.keys[0]?.value : null))).toEqual(['red1']);
  expect(await all((await world.as(rita, associators(note))).batches)).toHaveLength(1);
  const { enumerationContext } = await world.as(rita, openEnumerateInstances('TST_Host', 0));
  const count = { kind: 'EnumerationCount', namespace, enumerationContext: enumerationContext ?? '' } as const;
  expect(await world.as(rita, count)).toEqual({ kind: 'count', count: 2n });
});

test('a tvdc-admin may do what a rule names, in scope, with parameters that its check lets pass', async () => {
  const { world, denied } = await createBench(red);
  const start = (name: string, value = '1') =>
    statusOf(world.as(caller('rita'), invoke(host(name), 'Start', [{ ...mode, value }])));
  expect(await start('red1')).toBe(0);
  expect(await start('red1', '9')).toBe(2);
  expect(await start('blue1')).toBe(2);
  expect(await statusOf(world.as(caller('rita'), invoke(host('red1'), 'Stop')))).toBe(2);
  expect(denied).toEqual([
    'rita Start: mode 9 is for datacenter-admin',
    'rita Start: the object belongs to another workload or does not exist',
    'rita Stop: no role of the user allows Stop',
  ]);
});

test('lacking the right comes before wrong parameters', async () => {
  const { world } = await createBench(red, watcher);
  expect(await statusOf(world.as(caller('otto'), invoke(host('blue1'), 'Start', [])))).toBe(2);
  expect(await statusOf(world.as(caller('rita'), invoke(host('red1'), 'Start', [])))).toBe(4);
});

test('a reference to something out of scope is refused wherever it stands', async () => {
  const { world } = await createBench(red, boss);
  const cls = world.repository.space(namespace)?.schema.get('TST_Remark');
  if (cls === undefined) throw new Error('no class');
  const remark = (name: string) =>
    createInstance(cls, { Subject: host(name), Note: createInstancePath('TST_Note', { InstanceID: 'n' }) });
  expect(await statusOf(world.as(caller('rita'), createInstanceRequest(remark('blue1'))))).toBe(2);
  expect(await statusOf(world.as(caller('boss'), createInstanceRequest(remark('blue1'))))).toBe(0);
});

test('an observer reads in scope and does nothing else', async () => {
  const { world } = await createBench(watcher);
  const otto = caller('otto');
  expect(await statusOf(world.as(otto, getInstance(host('blue1'))))).toBe(0);
  expect(await statusOf(world.as(otto, invoke(host('blue1'), 'Start', [mode])))).toBe(2);
  expect(await statusOf(world.as(otto, { kind: 'DeleteClass', namespace, className: 'TST_Lazy' }))).toBe(2);
});

test('rights of one role do not reach what only another role of the same user covers', async () => {
  const { world } = await createBench(
    { user: 'mia', role: 'datacenter-admin', datacenter: 'dc1', domains: ['red'] },
    { user: 'mia', role: 'observer', datacenter: 'dc2', domains: ['blue'] },
  );
  const stop = (name: string) => statusOf(world.as(caller('mia'), invoke(host(name), 'Stop')));
  expect(await statusOf(world.as(caller('mia'), getInstance(host('blue1'))))).toBe(0);
  expect([await stop('red1'), await stop('blue1')]).toEqual([0, 2]);
});

test('grants count at once, also for an enumeration that is open', async () => {
  const { world, grants } = await createBench({ ...red, domains: ['red', 'blue'] });
  const rita = caller('rita');
  const { enumerationContext } = await world.as(rita, openEnumerateInstances('TST_Host', 0));
  await grants.grant(red);
  const pull = {
    kind: 'PullInstancesWithPath',
    namespace,
    enumerationContext: enumerationContext ?? '',
    maxObjectCount: 10,
  } as const;
  const { instances } = await world.as(rita, pull);
  expect(instances.map((instance) => instance.getString('Name'))).toEqual(['red1', 'red2']);
  await grants.revoke('rita', 'tvdc-admin', 'dc');
  expect(await statusOf(world.as(rita, getInstance(host('red1'))))).toBe(2);
});

test('indications are delivered by the scope of the subscriber', async () => {
  const { world, grants } = await createBench(red, boss);
  const authorizer = createRoleAuthorizer({ grants, scope, rules });
  const cls = world.repository.space(namespace)?.schema.get('TST_Host');
  if (cls === undefined) throw new Error('no class');
  const about = (name: string) => createInstance(cls, { Name: name });
  expect(authorizer.deliver('rita', about('red1'))).toBe(true);
  expect(authorizer.deliver('rita', about('blue1'))).toBe(false);
  expect(authorizer.deliver('boss', about('blue1'))).toBe(true);
  expect(authorizer.deliver('nobody', about('red1'))).toBe(false);
});

test('grants survive in the store, are replaced, revoked one by one and all at once', async () => {
  const store = createMemoryStore();
  const grants = createGrants(store);
  await grants.grant({ ...red, domains: ['red', 'red', 'green'] });
  await grants.grant({ ...red, datacenter: 'other/dc', domains: null });
  await grants.grant(watcher);
  const again = createGrants(store);
  expect(again.of('rita')).toEqual([
    { ...red, domains: ['red', 'green'] },
    { ...red, datacenter: 'other/dc', domains: null },
  ]);
  await again.revoke('rita', 'tvdc-admin', 'other/dc');
  await expect(again.revoke('rita', 'observer', 'dc')).rejects.toMatchObject({ code: 'no_such_grant' });
  expect(await again.revokeAll('rita')).toBe(1);
  expect(createGrants(store).list()).toEqual([watcher]);
  await expect(again.grant({ ...red, user: '' })).rejects.toMatchObject({ code: 'bad_grant' });
});

test('a grant and its record are written both or not at all', async () => {
  const store = createMemoryStore();
  const grants = createGrants(store);
  const failing = () => {
    throw new Error('no room for the record');
  };
  await expect(grants.grant(red, failing)).rejects.toThrow('no room');
  expect([grants.list(), createGrants(store).list()]).toEqual([[], []]);
  await grants.grant(red, (tx) => tx.put('security', 'record', 'granted'));
  expect(store.get('security', 'record')).toBe('granted');
  await expect(grants.revoke('rita', 'tvdc-admin', 'dc', failing)).rejects.toThrow('no room');
  expect([grants.list(), createGrants(store).list()]).toEqual([[red], [red]]);
});

test('an object whose values, not its name, put it out of scope is withheld and the denial is reported', async () => {
  const denied: string[] = [];
  const grants = createGrants(createMemoryStore());
  await grants.grant(red);
  const world = await createWorld({
    authorizer: createRoleAuthorizer({
      grants,
      rules,
      scope: {
        isVisible: (_grants, object) => object.kind !== 'instance' || object.get('Name') !== 'red2',
        isDeliverable: () => true,
      },
      onDenied: (who, action) => void denied.push(`${who.user} ${action?.operation ?? '-'}`),
    }),
    providers: [createHostProvider(['red1', 'red2'])],
  });
  expect(await statusOf(world.as(caller('rita'), getInstance(host('red1'))))).toBe(0);
  expect(await statusOf(world.as(caller('rita'), getInstance(host('red2'))))).toBe(2);
  expect(denied).toEqual(['rita GetInstance']);
});
