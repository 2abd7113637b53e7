import { createInstance } from '../../src/cim/model/index.js';
import { CimError, type PulledInstancesResult } from '../../src/cim/operations/index.js';
import type { Caller, Provider } from '../../src/cimom/index.js';
import { statusOf } from './support/outcome.js';
import { openEnumerateInstances } from './support/requests.js';
import { createWorld, namespace, type World } from './support/world.js';

const alice: Caller = { user: 'alice', method: 'basic', address: '127.0.0.1' };
const bob: Caller = { user: 'bob', method: 'basic', address: '127.0.0.1' };

interface Script {
  signal: AbortSignal | null;
  finished: boolean;
}

/** Gives hosts in batches of three; a batch can wait for a gate. */
function scripted(
  count: number,
  script: Script,
  gate: (batch: number) => Promise<void> = async () => undefined,
): Provider {
  return {
    className: 'TST_Host',
    namespaces: [namespace],
    async *enumerate(context) {
      script.signal = context.signal;
      const cls = context.classes.get('TST_Host');
      try {
        for (let at = 0; at < count; at += 3) {
          await gate(at / 3);
          yield Array.from({ length: Math.min(3, count - at) }, (_, plus) =>
            createInstance(cls, { Name: `h${at + plus}` }),
          );
        }
      } finally {
        script.finished = true;
      }
    },
  };
}

const fresh = (): Script => ({ signal: null, finished: false });

function pull(context: string | null, maxObjectCount: number) {
  return { kind: 'PullInstancesWithPath', namespace, enumerationContext: context ?? '', maxObjectCount } as const;
}

const namesOf = (result: PulledInstancesResult): (string | null)[] =>
  result.instances.map((instance) => instance.getString('Name'));

test('objects come in the portions that were asked for, and the end is told with the last of them', async () => {
  const world = await createWorld({ providers: [scripted(7, fresh())] });
  const opened = await world.run(openEnumerateInstances('TST_Host', 2));
  expect(namesOf(opened)).toEqual(['h0', 'h1']);
  expect(opened.endOfSequence).toBe(false);
  const second = await world.run(pull(opened.enumerationContext, 4));
  expect(namesOf(second)).toEqual(['h2', 'h3', 'h4', 'h5']);
  const third = await world.run(pull(opened.enumerationContext, 100));
  expect(namesOf(third)).toEqual(['h6']);
  expect([third.endOfSequence, third.enumerationContext]).toEqual([true, null]);
  expect(await statusOf(world.run(pull(opened.enumerationContext, 1)))).toBe(21);
  expect(world.manager.openEnumerations).toBe(0);
});

test('an enumeration that fits into the Open ends there', async () => {
  const world = await createWorld({ providers: [scripted(3, fresh())] });
  const opened = await world.run(openEnumerateInstances('TST_Host', 3));
  expect([opened.endOfSequence, opened.enumerationContext, namesOf(opened).length]).toEqual([true, null, 3]);
});

test('a context belongs to its user and its namespace, and cannot be guessed', async () => {
  const world = await createWorld({ providers: [scripted(7, fresh())] });
  const { enumerationContext } = await world.as(alice, openEnumerateInstances('TST_Host', 1));
  expect(enumerationContext).toMatch(/^[\w-]{32}$/);
  expect(await statusOf(world.as(bob, pull(enumerationContext, 1)))).toBe(21);
  expect(await statusOf(world.as(alice, { ...pull(enumerationContext, 1), namespace: 'root/other' }))).toBe(21);
  expect(await statusOf(world.as(alice, { ...pull(enumerationContext, 1), kind: 'PullInstancePaths' }))).toBe(21);
  expect(await statusOf(world.as(alice, pull(enumerationContext, 1)))).toBe(0);
});

test('closing ends the provider; the context is gone', async () => {
  const script = fresh();
  const world = await createWorld({ providers: [scripted(100, script)] });
  const { enumerationContext } = await world.run(openEnumerateInstances('TST_Host', 1));
  expect(script.signal?.aborted).toBe(false);
  const close = { kind: 'CloseEnumeration', namespace, enumerationContext: enumerationContext ?? '' } as const;
  await world.run(close);
  expect(script.signal?.aborted).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(script.finished).toBe(true);
  expect(await statusOf(world.run(close))).toBe(21);
});

test('an idle enumeration is closed; each answer starts the time anew', async () => {
  const script = fresh();
  const world = await createWorld({ providers: [scripted(100, script)] });
  const { enumerationContext } = await world.run(openEnumerateInstances('TST_Host', 1, { operationTimeout: 10 }));
  world.clock.advance(9000);
  expect(await statusOf(world.run(pull(enumerationContext, 1)))).toBe(0);
  world.clock.advance(9000);
  expect(await statusOf(world.run(pull(enumerationContext, 0)))).toBe(0);
  world.clock.advance(10_000);
  expect(await statusOf(world.run(pull(enumerationContext, 1)))).toBe(21);
  expect(script.signal?.aborted).toBe(true);
});

test.each([0, 901])('an OperationTimeout of %d seconds is refused with 22', async (operationTimeout) => {
  const world = await createWorld({ providers: [scripted(3, fresh())] });
  expect(await statusOf(world.run(openEnumerateInstances('TST_Host', 1, { operationTimeout })))).toBe(22);
});

test('open enumerations are bounded for a user and for all', async () => {
  const world = await createWorld({
    providers: [scripted(100, fresh())],
    limits: { contextsOfUser: 2, contexts: 3 },
  });
  const open = (caller: Caller) => statusOf(world.as(caller, openEnumerateInstances('TST_Host', 1)));
  expect([await open(alice), await open(alice), await open(alice)]).toEqual([0, 0, 27]);
  expect([await open(bob), await open(bob)]).toEqual([0, 27]);
});

test('a Pull for nothing keeps the enumeration alive, but not for ever', async () => {
  const world = await createWorld({ providers: [scripted(9, fresh())], limits: { keepAlivePulls: 2 } });
  const { enumerationContext } = await world.run(openEnumerateInstances('TST_Host', 0));
  const nothing = () => statusOf(world.run(pull(enumerationContext, 0)));
  expect([await nothing(), await nothing()]).toEqual([0, 0]);
  expect(namesOf(await world.run(pull(enumerationContext, 1)))).toEqual(['h0']);
  expect([await nothing(), await nothing(), await nothing(), await nothing()]).toEqual([0, 0, 27, 21]);
});

test('a slow provider makes a short answer, not a late one', async () => {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const world = await createWorld({
    providers: [scripted(6, fresh(), (batch) => (batch === 1 ? gate : Promise.resolve()))],
    limits: { pullWait: 20 },
  });
  const opened = await world.run(openEnumerateInstances('TST_Host', 5));
  expect([namesOf(opened).length, opened.endOfSequence]).toEqual([3, false]);
  expect(namesOf(await world.run(pull(opened.enumerationContext, 5)))).toEqual([]);
  open();
  expect(namesOf(await world.run(pull(opened.enumerationContext, 5)))).toEqual(['h3', 'h4', 'h5']);
});

test('closing while a Pull is under way makes that Pull fail with 23; a second Pull meanwhile gets 1', async () => {
  const world = await createWorld({
    providers: [scripted(6, fresh(), (batch) => (batch === 1 ? new Promise(() => undefined) : Promise.resolve()))],
  });
  const { enumerationContext } = await world.run(openEnumerateInstances('TST_Host', 3));
  const waiting = statusOf(world.run(pull(enumerationContext, 3)));
  await new Promise((resolve) => setImmediate(resolve));
  expect(await statusOf(world.run(pull(enumerationContext, 3)))).toBe(1);
  await world.run({ kind: 'CloseEnumeration', namespace, enumerationContext: enumerationContext ?? '' });
  expect(await waiting).toBe(23);
});

test('EnumerationCount tells how many are still to come', async () => {
  const world = await createWorld({ providers: [scripted(7, fresh())] });
  const { enumerationContext } = await world.run(openEnumerateInstances('TST_Host', 2));
  const count = () => world.run({ kind: 'EnumerationCount', namespace, enumerationContext: enumerationContext ?? '' });
  expect(await count()).toEqual({ kind: 'count', count: 5n });
  await world.run(pull(enumerationContext, 4));
  expect(await count()).toEqual({ kind: 'count', count: 1n });
});

test('EnumerationCount says that it does not know rather than count without bound', async () => {
  const world = await createWorld({ providers: [scripted(70, fresh())], limits: { counted: 20 } });
  const { enumerationContext } = await world.run(openEnumerateInstances('TST_Host', 2));
  const request = { kind: 'EnumerationCount', namespace, enumerationContext: enumerationContext ?? '' } as const;
  expect(await world.run(request)).toEqual({ kind: 'count', count: null });
});

describe('with a source that fails in the middle', () => {
  async function failing(): Promise<World> {
    const world = await createWorld({
      providers: [
        scripted(9, fresh(), async (batch) => {
          if (batch === 1) throw new CimError(27, 'too much');
        }),
        {
          className: 'TST_VirtualHost',
          namespaces: [namespace],
          async *enumerate(context) {
            yield [createInstance(context.classes.get('TST_VirtualHost'), { Name: 'v' })];
          },
        },
      ],
    });
    return world;
  }

  test('the error ends the enumeration', async () => {
    const world = await failing();
    const { enumerationContext } = await world.run(openEnumerateInstances('TST_Host', 3));
    expect(await statusOf(world.run(pull(enumerationContext, 3)))).toBe(27);
    expect(await statusOf(world.run(pull(enumerationContext, 3)))).toBe(21);
  });

  test('with ContinueOnError what is there comes first, then the error, then the rest', async () => {
    const world = await failing();
    const opened = await world.run(openEnumerateInstances('TST_Host', 100, { continueOnError: true }));
    expect(namesOf(opened)).toEqual(['h0', 'h1', 'h2']);
    expect(opened.endOfSequence).toBe(false);
    expect(await statusOf(world.run(pull(opened.enumerationContext, 100)))).toBe(27);
    const rest = await world.run(pull(opened.enumerationContext, 100));
    expect([namesOf(rest), rest.endOfSequence]).toEqual([['v'], true]);
  });
});

test('half a filter is 4', async () => {
  const world = await createWorld({ providers: [scripted(3, fresh())] });
  const open = (filterQuery: string | null, filterQueryLanguage: string | null) =>
    statusOf(world.run(openEnumerateInstances('TST_Host', 1, { filterQuery, filterQueryLanguage })));
  expect(await open('Name = "h0"', null)).toBe(4);
  expect(await open(null, 'DMTF:FQL')).toBe(4);
  expect(await open('Name = "h0"', 'DMTF:ABC')).toBe(14);
});

test('shutting down closes what is open and refuses what is new with 28', async () => {
  const script = fresh();
  const world = await createWorld({ providers: [scripted(100, script)] });
  await world.run(openEnumerateInstances('TST_Host', 1));
  await world.manager.shutdown();
  expect(script.signal?.aborted).toBe(true);
  expect(world.manager.openEnumerations).toBe(0);
  expect(await statusOf(world.run(openEnumerateInstances('TST_Host', 1)))).toBe(28);
});

test('shutting down ends a stream that is being read', async () => {
  const script = fresh();
  const world = await createWorld({ providers: [scripted(100, script)] });
  const { batches } = await world.run({
    kind: 'EnumerateInstances',
    namespace,
    className: 'TST_Host',
    deepInheritance: true,
    includeClassOrigin: false,
    propertyList: null,
  });
  const read = async (): Promise<number> => {
    let count = 0;
    for await (const batch of batches) {
      count += batch.length;
      if (count === 3) await world.manager.shutdown();
    }
    return count;
  };
  expect(await statusOf(read())).toBe(28);
  expect(script.signal?.aborted).toBe(true);
});
