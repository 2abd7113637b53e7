import type { CimInstancePath, CimValue } from '../../../src/cim/model/index.js';
import { createMemoryStore } from '../../../src/store/index.js';
import { createInteropWorld, interop, type InteropWorld } from '../support/interop-world.js';
import { Listeners } from '../support/listeners.js';
import { statusOf } from '../support/outcome.js';
import { getInstance } from '../support/requests.js';

const filter = {
  Name: 'alerts',
  Query: 'SELECT * FROM TST_Alert',
  QueryLanguage: 'WQL',
  SourceNamespaces: ['root/events'],
};

/** Subscribes listeners to all alerts by one filter. */
async function subscribe(
  world: InteropWorld,
  urls: readonly string[],
  more: Readonly<Record<string, CimValue>> = {},
): Promise<readonly CimInstancePath[]> {
  const Filter = await world.create('CIM_IndicationFilter', filter);
  const out: CimInstancePath[] = [];
  for (const Destination of urls) {
    const Handler = await world.create('CIM_ListenerDestinationCIMXML', { Destination });
    out.push(await world.create('CIM_IndicationSubscription', { Filter, Handler, ...more }));
  }
  return out;
}

const one = 'http://one.example/';
const two = 'http://two.example/';

test('a delivery that fails is repeated, and the order stays', async () => {
  const listeners = new Listeners();
  listeners.behave = async (_url, attempt) => {
    if (attempt <= 2) throw new Error('connection refused');
  };
  const world = await createInteropWorld({ subscriptions: { deliver: listeners.deliver } });
  await subscribe(world, [one]);
  for (const number of [1, 2, 3]) world.alert(number);
  await listeners.take(3);
  expect(listeners.numbers()).toEqual([1, 2, 3]);
  expect(listeners.attempts.map(({ indication }) => indication.getNumber('Number'))).toEqual([1, 1, 1, 2, 3]);
  await world.close();
  expect(world.subscriptions.statistics()).toMatchObject([{ delivered: 3, failures: 2, lost: 0, waiting: 0 }]);
});

test('after the last attempt an indication is given up, and the gap in the numbers tells', async () => {
  const listeners = new Listeners();
  listeners.behave = async (_url, attempt) => {
    if (attempt <= 4) throw new Error('connection refused');
  };
  const world = await createInteropWorld({ subscriptions: { deliver: listeners.deliver } });
  await subscribe(world, [one]);
  world.alert(1);
  world.alert(2);
  const [received] = await listeners.take(1);
  expect(received?.indication.get('SequenceNumber')).toBe(1n);
  expect(listeners.attempts).toHaveLength(5);
  await world.close();
  expect(world.subscriptions.statistics()).toMatchObject([{ delivered: 1, failures: 4, lost: 1 }]);
});

test('a listener that does not answer holds up nobody else', async () => {
  const listeners = new Listeners();
  listeners.behave = async (url) => {
    if (url === one) await new Promise(() => undefined);
  };
  const world = await createInteropWorld({ subscriptions: { deliver: listeners.deliver } });
  await subscribe(world, [one, two]);
  for (const number of [1, 2, 3]) world.alert(number);
  await listeners.take(3);
  expect(listeners.numbers(two)).toEqual([1, 2, 3]);
  expect(listeners.attempts.filter(({ url }) => url === one)).toHaveLength(1);
  await world.close();
});

test('the time for one attempt is bounded, and the port is told', async () => {
  const listeners = new Listeners();
  const aborted: boolean[] = [];
  listeners.behave = (_url, attempt, signal) =>
    attempt > 1
      ? Promise.resolve()
      : new Promise(() => {
          signal.addEventListener('abort', () => aborted.push(true));
        });
  const world = await createInteropWorld({
    subscriptions: { deliver: listeners.deliver, limits: { deliveryTimeout: 20 } },
  });
  await subscribe(world, [one]);
  world.alert(1);
  await listeners.take(1);
  expect(aborted).toEqual([true]);
  await world.close();
});

test('what waits survives the process, with its numbers, and new indications go on with the series', async () => {
  const store = createMemoryStore();
  const first = new Listeners();
  first.behave = async (_url, attempt) => {
    if (attempt > 1) await new Promise(() => undefined);
  };
  const before = await createInteropWorld({ store, subscriptions: { deliver: first.deliver } });
  await subscribe(before, [one]);
  for (const number of [1, 2, 3]) before.alert(number);
  await first.take(1);
  await before.close();
  expect(first.numbers()).toEqual([1]);

  const second = new Listeners();
  const after = await createInteropWorld({ store, subscriptions: { deliver: second.deliver } });
  await second.take(2);
  after.alert(4);
  await second.take(3);
  const received = [...first.received, ...second.received].map(({ indication }) => indication);
  expect(received.map((indication) => indication.getNumber('Number'))).toEqual([1, 2, 3, 4]);
  expect(received.map((indication) => indication.get('SequenceNumber'))).toEqual([0n, 1n, 2n, 3n]);
  expect(new Set(received.map((indication) => indication.getString('SequenceContext'))).size).toBe(1);
  expect(received[1]?.className).toBe('TST_Alert');
  await after.close();
  expect(store.range('outbox', 'q/', 'q0', 10)).toEqual([]);
});

test('a queue takes so many; what comes beyond is dropped and leaves a gap', async () => {
  const listeners = new Listeners();
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  listeners.behave = () => gate;
  const world = await createInteropWorld({
    subscriptions: { deliver: listeners.deliver, limits: { queueLength: 2 } },
  });
  await subscribe(world, [one]);
  for (const number of [1, 2, 3, 4]) world.alert(number);
  open();
  await listeners.take(2);
  await new Promise((resolve) => setTimeout(resolve, 5));
  world.alert(5);
  const received = await listeners.take(3);
  expect(listeners.numbers()).toEqual([1, 2, 5]);
  expect(received[2]?.indication.get('SequenceNumber')).toBe(4n);
  expect(world.log.entries.some(({ event }) => event === 'indication dropped: the queue is full')).toBe(true);
  await world.close();
});

test('what waits for a subscription that was deleted does not go out, not even to a new one of the same name', async () => {
  const listeners = new Listeners();
  let refuse = true;
  listeners.behave = async () => {
    if (refuse) throw new Error('connection refused');
  };
  const world = await createInteropWorld({
    subscriptions: { deliver: listeners.deliver, settings: { deliveryRetryInterval: 0.02 } },
  });
  const [path] = await subscribe(world, [one]);
  world.alert(1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { instance } = await world.run(getInstance(path as CimInstancePath, { namespace: interop }));
  await world.run({ kind: 'DeleteInstance', namespace: interop, instanceName: path as CimInstancePath });
  await world.run({ kind: 'CreateInstance', namespace: interop, newInstance: instance });
  refuse = false;
  world.alert(2);
  await listeners.take(1);
  expect(listeners.numbers()).toEqual([2]);
  await world.close();
});

test.each([
  { policy: 4, status: 6, state: null },
  { policy: 3, status: 0, state: 4 },
  { policy: 2, status: 0, state: 2 },
])(
  'OnFatalErrorPolicy $policy decides about a subscription whose destination fails',
  async ({ policy, status, state }) => {
    const listeners = new Listeners();
    listeners.behave = () => Promise.reject(new Error('connection refused'));
    const world = await createInteropWorld({
      subscriptions: { deliver: listeners.deliver, settings: { deliveryRetryAttempts: 0 } },
    });
    const [path] = await subscribe(world, [one], { OnFatalErrorPolicy: policy, FailureTriggerTimeInterval: 60n });
    const instanceName = path as CimInstancePath;
    const read = () => world.run(getInstance(instanceName, { namespace: interop }));
    const fail = async () => {
      const failures = listeners.attempts.length;
      world.alert(1);
      while (listeners.attempts.length === failures) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await fail();
    expect(await statusOf(read())).toBe(0);
    world.clock.advance(61_000);
    await fail();
    expect(await statusOf(read())).toBe(status);
    if (state !== null) expect((await read()).instance.getNumber('SubscriptionState')).toBe(state);
    await world.close();
  },
);

test('an indication of a change goes out only if the change is made', async () => {
  const listeners = new Listeners();
  const world = await createInteropWorld({ subscriptions: { deliver: listeners.deliver } });
  await subscribe(world, [one]);
  const alert = world.make(
    'TST_Alert',
    { AlertType: 8, PerceivedSeverity: 2, ProbableCause: 1, Number: 1 },
    'root/events',
  );
  const undone = world.store.transaction((tx) => {
    world.subscriptions.publish('root/events', alert, tx);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  await world.store.transaction((tx) => world.subscriptions.publish('root/events', alert.with({ Number: 2 }), tx));
  const [received] = await listeners.take(1);
  expect(received?.indication.getNumber('Number')).toBe(2);
  expect(received?.indication.get('SequenceNumber')).toBe(0n);
  await world.close();
});

test('a damaged entry of the outbox is left out, told of and removed', async () => {
  const store = createMemoryStore();
  const first = new Listeners();
  first.behave = () => new Promise(() => undefined);
  const before = await createInteropWorld({ store, subscriptions: { deliver: first.deliver } });
  await subscribe(before, [one]);
  before.alert(1);
  before.alert(2);
  await before.close();
  const [entry] = store.range('outbox', 'q/', 'q0', 1);
  await store.transaction((tx) => tx.put('outbox', entry?.key ?? '', '["x","<INSTANCE'));

  const second = new Listeners();
  const after = await createInteropWorld({ store, subscriptions: { deliver: second.deliver } });
  await second.take(1);
  expect(second.numbers()).toEqual([2]);
  await after.close();
  expect(after.log.entries.some(({ event }) => event.includes('damaged'))).toBe(true);
  expect(store.range('outbox', 'q/', 'q0', 10)).toEqual([]);
});
