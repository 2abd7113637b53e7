import { type CimInstance, createInstance, createInstancePath } from '../../src/cim/model/index.js';
import { CimError } from '../../src/cim/operations/index.js';
import { type Provider, RegistrationError } from '../../src/cimom/index.js';
import { createHostProvider } from './support/hosts.js';
import { all, statusOf } from './support/outcome.js';
import { createInstanceRequest, enumerateInstances, getInstance } from './support/requests.js';
import { createWorld, namespace, type World } from './support/world.js';

const host = createInstancePath('TST_Host', { Name: 'a' });
const never = new Promise<never>(() => undefined);

/** Broken providers of TST_Host, each wrong in its own way; a good one of TST_VirtualHost stands beside. */
async function worldWith(broken: Partial<Provider>, limits = {}): Promise<World> {
  const good: Provider = {
    className: 'TST_VirtualHost',
    namespaces: [namespace],
    async *enumerate(context) {
      yield [createInstance(context.classes.get('TST_VirtualHost'), { Name: 'v' })];
    },
  };
  return createWorld({ providers: [createHostProvider(['a'], broken), good], limits });
}

const yields = (make: (world: { host: (values: object) => CimInstance }) => unknown): Partial<Provider> => ({
  async *enumerate(context) {
    const cls = context.classes.get('TST_Host');
    const values = (given: object) => createInstance(cls, given as Parameters<typeof createInstance>[1]);
    yield [make({ host: values }) as CimInstance];
  },
});

const enumeration: readonly (readonly [string, Partial<Provider>])[] = [
  [
    'throws at once',
    {
      enumerate: () => {
        throw new Error('secret inner text');
      },
    },
  ],
  [
    'throws after a batch',
    {
      async *enumerate(context) {
        yield [createInstance(context.classes.get('TST_Host'), { Name: 'a' })];
        throw new TypeError('secret inner text');
      },
    },
  ],
  ['gives something that is no iterable', { enumerate: (() => 5) as never }],
  ['gives no instance', yields(() => ({ Name: 'a' }))],
  ['gives a value of another type', yields(({ host: make }) => make({ Name: 'a', State: 'on' }))],
  ['gives a number out of range', yields(({ host: make }) => make({ Name: 'a', State: 70_000 }))],
  ['gives an array for a scalar', yields(({ host: make }) => make({ Name: 'a', Caption: ['x'] }))],
  ['gives no key', yields(({ host: make }) => make({ Caption: 'x' }))],
  [
    'names another instance than it gives',
    yields(({ host: make }) => make({ Name: 'a' }).withPath(createInstancePath('TST_Host', { Name: 'b' }))),
  ],
  [
    'makes up a key',
    yields(({ host: make }) => make({ Name: 'a' }).withPath(createInstancePath('TST_Host', { Nome: 'a' }))),
  ],
];

test.each(enumeration)('a provider that %s fails this one request with 1', async (_what, broken) => {
  const world = await worldWith(broken);
  const run = async () => all((await world.run(enumerateInstances('TST_Host'))).batches);
  await expect(run()).rejects.toMatchObject({ status: 1 });
  await expect(run()).rejects.not.toMatchObject({ description: expect.stringContaining('secret') });
  const virtual = await all((await world.run(enumerateInstances('TST_VirtualHost'))).batches);
  expect(virtual).toHaveLength(1);
  const report = world.manager.registry.statistics().find((entry) => entry.className === 'TST_Host');
  expect(report?.failures).toBe(2);
  expect(world.log.entries.filter((entry) => entry.event === 'provider failed')).toHaveLength(2);
});

test.each<[string, Partial<Provider>]>([
  [
    'throws',
    {
      get: () => {
        throw new Error('x');
      },
    },
  ],
  ['rejects', { get: () => Promise.reject(new Error('x')) }],
  [
    'rejects with something else',
    { get: () => ({ then: (_: unknown, reject: (reason: unknown) => void) => reject('x') }) as Promise<never> },
  ],
  [
    'gives another instance',
    { get: async (context) => createInstance(context.classes.get('TST_Host'), { Name: 'b' }) },
  ],
  [
    'gives another class',
    { get: async (context) => createInstance(context.classes.get('TST_Note'), { InstanceID: 'a' }) },
  ],
])('a get that %s is 1', async (_what, broken) => {
  const world = await worldWith(broken);
  expect(await statusOf(world.run(getInstance(host)))).toBe(1);
});

test('a late provider fails its request; what it gives afterwards goes nowhere', async () => {
  let answer: (instance: CimInstance | null) => void = () => undefined;
  const world = await worldWith(
    {
      get: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
      async *enumerate() {
        await never;
      },
    },
    { providerStep: 20 },
  );
  expect(await statusOf(world.run(getInstance(host)))).toBe(1);
  answer(null);
  const { batches } = await world.run(enumerateInstances('TST_Host'));
  await expect(all(batches)).rejects.toMatchObject({ status: 1 });
});

test("a provider's own CIM status reaches the client and counts as a refusal", async () => {
  const world = await worldWith({ get: () => Promise.reject(new CimError(6, 'moved away')) });
  expect(await statusOf(world.run(getInstance(host)))).toBe(6);
  const report = world.manager.registry.statistics().find((entry) => entry.className === 'TST_Host');
  expect(report).toMatchObject({ calls: 1, failures: 0, refusals: 1 });
});

test('a path of the wrong class from create is 1', async () => {
  const world = await worldWith({ create: async () => createInstancePath('TST_Note', { InstanceID: 'x' }) });
  const cls = world.repository.space(namespace)?.schema.get('TST_Host');
  if (cls === undefined) throw new Error('no class');
  expect(await statusOf(world.run(createInstanceRequest(createInstance(cls, { Name: 'n' }))))).toBe(1);
});

test('leaving a stream early ends the provider', async () => {
  let signal: AbortSignal | null = null;
  let finished = false;
  const world = await worldWith({
    async *enumerate(context) {
      signal = context.signal;
      try {
        for (let at = 0; ; at++) yield [createInstance(context.classes.get('TST_Host'), { Name: `h${at}` })];
      } finally {
        finished = true;
      }
    },
  });
  const { batches } = await world.run(enumerateInstances('TST_Host'));
  for await (const batch of batches) if (batch.length > 0) break;
  expect((signal as AbortSignal | null)?.aborted).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(finished).toBe(true);
});

test("the caller's signal ends a stream that hangs", async () => {
  const world = await worldWith({
    async *enumerate() {
      await never;
    },
  });
  const controller = new AbortController();
  const request = enumerateInstances('TST_Host');
  const transport = world.manager.transport({ user: 'u', method: 'internal', address: null });
  const { batches } = await transport.call(request, { signal: controller.signal });
  const waiting = all(batches);
  setImmediate(() => controller.abort());
  await expect(waiting).rejects.toBeInstanceOf(CimError);
});

describe('registration', () => {
  const provider = (more: Partial<Provider>): Provider => ({ className: 'TST_Host', namespaces: [namespace], ...more });

  test.each<[string, Partial<Provider>, string]>([
    ['a class that does not exist', { className: 'TST_Nothing' }, 'unknown_class'],
    ['a namespace that does not exist', { namespaces: [namespace, 'root/nowhere'] }, 'unknown_namespace'],
    [
      'a method that the class does not have',
      { methods: { Explode: async () => ({ returnValue: 0 }) } },
      'unknown_method',
    ],
  ])('refuses %s', async (_what, more, code) => {
    const world = await createWorld();
    expect(() => world.manager.registry.register(provider(more))).toThrow(
      expect.objectContaining({ code }) as RegistrationError,
    );
    expect(world.manager.registry.classNames(namespace)).toEqual([]);
  });

  test('serves several namespaces, once each, until it is taken away', async () => {
    const world = await createWorld();
    const { registry } = world.manager;
    const both = createHostProvider(['a'], { namespaces: [namespace, 'ROOT/other'] });
    const remove = registry.register(both);
    expect(() => registry.register(createHostProvider([]))).toThrow(RegistrationError);
    expect(await statusOf(world.run(getInstance(host, { namespace: 'root/other' })))).toBe(0);
    remove();
    expect(await statusOf(world.run(getInstance(host, { namespace: 'root/other' })))).toBe(6);
    expect(registry.unregister(both)).toBe(false);
    registry.register(createHostProvider(['a']));
    expect(await statusOf(world.run(getInstance(host)))).toBe(0);
  });
});
