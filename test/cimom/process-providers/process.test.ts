import { createServer, type Socket } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CimInstance, createInstance, createInstancePath } from '../../../src/cim/model/index.js';
import { CimError } from '../../../src/cim/operations/index.js';
import { all } from '../support/outcome.js';
import {
  createInstanceRequest,
  enumerateInstances,
  getInstance,
  invoke,
  openEnumerateInstances,
} from '../support/requests.js';
import { namespace } from '../support/world.js';
import { type ProcessWorld, Processes } from './support.js';

const processes = new Processes();

afterEach(() => processes.close());
afterAll(() => processes.remove());

const a = createInstancePath('TST_Host', { Name: 'a' });

async function namesIn(world: ProcessWorld): Promise<unknown[]> {
  const { batches } = await world.run(enumerateInstances('TST_Host'));
  return (await all(batches)).map((instance) => instance.get('Name'));
}

async function failure(work: Promise<unknown>): Promise<CimError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CimError) return error;
    throw error;
  }
  throw new Error('expected a failure');
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const quick = { firstRestart: 1, longestRestart: 1 };
const answersGet = `return { instance: host(params.path.keys.Name) };`;

describe('what a program is told', () => {
  test('is who asks, where, for what, and for how long', async () => {
    const world = await processes.world(
      processes.program(
        `return { instance: host(params.path.keys.Name, { ElementName: JSON.stringify({ method, params }) }) };`,
      ),
    );
    const { instance } = await world.run(getInstance(a, { propertyList: ['ElementName'] }));
    expect(JSON.parse(instance.getString('ElementName') ?? '')).toEqual({
      method: 'get',
      params: {
        class: 'TST_Host',
        namespace,
        caller: { user: 'system', address: null },
        propertyList: ['ElementName'],
        timeout: 50_000,
        path: { class: 'TST_Host', keys: { Name: 'a' } },
      },
    });
  });

  test('has no more of the environment than it needs', async () => {
    process.env['TVDC_TEST_SECRET'] = 'hidden';
    const command = processes.program(`return { instance: host('a', { Tags: Object.keys(process.env).sort() }) };`);
    const place = { kind: 'command', command, folder: processes.folder, environment: { OWN: '1' } } as const;
    const world = await processes.worldAt(place);
    const { instance } = await world.run(getInstance(a));
    delete process.env['TVDC_TEST_SECRET'];
    const names = instance.get('Tags') as string[];
    expect(names).toContain('PATH');
    expect(names).toContain('OWN');
    expect(names).not.toContain('TVDC_TEST_SECRET');
  });

  test('are the conditions of queries', async () => {
    const world = await processes.world(
      processes.program(`if (method === 'query') fs.writeFileSync('where.json', JSON.stringify(params));
        return { instances: ['a', 'b', 'c'].map((name) => host(name, { Memory: '5' })) };`),
    );
    const { batches } = await world.run({
      kind: 'ExecQuery',
      namespace,
      queryLanguage: 'WQL',
      query: 'SELECT * FROM TST_Host WHERE Memory = 5 AND NOT Name LIKE "b%"',
    });
    expect(((await all(batches)) as CimInstance[]).map((instance) => instance.get('Name'))).toEqual(['a', 'c']);
    expect(JSON.parse(readFileSync(join(processes.folder, 'where.json'), 'utf8'))).toMatchObject({
      language: 'WQL',
      where: {
        kind: 'and',
        parts: [
          {
            kind: 'compare',
            operator: '=',
            left: { kind: 'path', steps: [{ scope: null, name: 'Memory', index: null }] },
            right: { kind: 'literal', type: 'integer', value: '5' },
          },
          { kind: 'not', part: { kind: 'like', pattern: 'b%' } },
        ],
      },
    });
  });
});

describe('an enumeration', () => {
  test('comes in batches, each asked for when the one before was taken', async () => {
    const world = await processes.world(
      processes.program(`if (method === 'close') { fs.writeFileSync('closed', JSON.stringify(params.cursor)); return; }
        const from = params.cursor?.from ?? 0;
        fs.writeFileSync('asked', String(from));
        return { instances: [0, 1, 2].map((at) => host('h' + (from + at))), cursor: { from: from + 3 } };`),
    );
    const opened = await world.run(openEnumerateInstances('TST_Host', 7));
    expect(opened.instances.map((instance) => instance.get('Name'))).toEqual([
      'h0',
      'h1',
      'h2',
      'h3',
      'h4',
      'h5',
      'h6',
    ]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const asked = (): number => Number(readFileSync(join(processes.folder, 'asked'), 'utf8'));
    expect(asked()).toBeLessThanOrEqual(9);
    const context = opened.enumerationContext ?? '';
    const more = await world.run({
      kind: 'PullInstancesWithPath',
      namespace,
      enumerationContext: context,
      maxObjectCount: 3,
    });
    expect(more.instances.map((instance) => instance.get('Name'))).toEqual(['h7', 'h8', 'h9']);
    await world.run({ kind: 'CloseEnumeration', namespace, enumerationContext: context });
    const closed = join(processes.folder, 'closed');
    await until(() => {
      try {
        return readFileSync(closed, 'utf8') !== '';
      } catch {
        return false;
      }
    });
    expect(JSON.parse(readFileSync(closed, 'utf8'))).toMatchObject({ from: expect.any(Number) as number });
  });

  test('of many small batches is complete', async () => {
    const world = await processes.world(
      processes.program(`const from = params.cursor ?? 0;
        return { instances: [host('h' + from)], cursor: from < 499 ? from + 1 : null };`),
    );
    expect(await namesIn(world)).toHaveLength(500);
  });
});

describe('methods', () => {
  test('get typed parameters and give typed results', async () => {
    const world = await processes.world(
      processes.program(`if (method === 'get') return { instance: host(params.path.keys.Name) };
        return { returnValue: params.parameters.Mode + 1, out: {
          Note: JSON.stringify(params.parameters),
          When: '20240229120000.000000-060',
          Primary: { class: 'TST_Device', keys: { DeviceID: params.path.keys.Name, Slot: 3 } } } };`),
    );
    const result = await world.run(
      invoke(a, 'Start', [
        { name: 'Names', type: 'string', isArray: true, value: ['x', null] },
        { name: 'Mode', type: 'uint16', isArray: false, value: 4 },
      ]),
    );
    expect(result.returnValue).toBe(5);
    const out = Object.fromEntries(result.outParameters.map(({ name, value }) => [name, value]));
    expect(JSON.parse(out['Note'] as string)).toEqual({ Mode: 4, Note: null, Names: ['x', null], Settings: null });
    expect(out['When']).toMatchObject({ text: '20240229120000.000000-060' });
    expect(out['Primary']).toMatchObject({ className: 'TST_Device', keys: [{ value: 'a' }, { value: 3n }] });
  });
});

describe('failures', () => {
  test('that CIM has a status for keep it; others are status 1 and say why', async () => {
    const world = await processes.world(
      processes.program(`if (params.path.keys.Name === 'a') send({ id, error: { code: 2, message: 'not \\u0000 you' } });
        else send({ id, error: { code: -32603, message: 'out of luck' } });`),
    );
    expect(await failure(world.run(getInstance(a)))).toMatchObject({ status: 2, description: 'not ? you' });
    const other = await failure(world.run(getInstance(createInstancePath('TST_Host', { Name: 'b' }))));
    expect(other).toMatchObject({ status: 1 });
    expect(other.description).toContain('out of luck');
  });

  test.each([
    ['no object', `return { instances: [5] };`, 'expected an instance'],
    ['an unknown class', `return { instances: [{ class: 'TST_Nothing', properties: {} }] };`, 'no class TST_Nothing'],
    ['another class', `return { instances: [{ class: 'TST_Note', properties: { InstanceID: 'x' } }] };`, 'TST_Note'],
    ['an unknown property', `return { instances: [host('a', { Color: 'red' })] };`, 'no property Color'],
    ['a number too large', `return { instances: [host('a', { State: 65536 })] };`, 'TST_Host.State: expected uint16'],
    ['text for a number', `return { instances: [host('a', { Memory: 'much' })] };`, 'TST_Host.Memory: expected uint64'],
    ['a number that lost digits', `return { instances: [host('a', { Memory: 2 ** 60 })] };`, 'TST_Host.Memory'],
    ['one value for an array', `return { instances: [host('a', { Tags: 'a' })] };`, 'TST_Host.Tags: expected an array'],
    ['no key', `return { instances: [{ class: 'TST_Host', properties: {} }] };`, 'key Name'],
    [
      'another path',
      `return { instances: [{ ...host('a'), path: { class: 'TST_Host', keys: { Name: 'b' } } }] };`,
      'key Name',
    ],
    ['no array', `return { instances: {} };`, 'expected an array of instances'],
    ['no object as result', `return 5;`, 'expected an object'],
  ])('%s fails one request', async (_what, body, reason) => {
    const world = await processes.world(processes.program(`if (method === 'get') { ${answersGet} } ${body}`));
    const error = await failure(namesIn(world));
    expect(error.status).toBe(1);
    expect(error.description).toContain(reason);
    expect((await world.run(getInstance(a))).instance.get('Name')).toBe('a');
  });

  test('a crash fails what is under way and nothing after it', async () => {
    const world = await processes.world(
      processes.program(`if (method === 'enumerate') process.exit(3); ${answersGet}`),
      quick,
    );
    expect((await world.run(getInstance(a))).instance.get('Name')).toBe('a');
    const error = await failure(namesIn(world));
    expect(error).toMatchObject({ status: 1 });
    expect(error.description).toContain('the provider process test ended (exit status 3)');
    expect((await world.run(getInstance(a))).instance.get('Name')).toBe('a');
    expect(world.log.entries.filter(({ event }) => event === 'provider.started')).toHaveLength(2);
  });

  test('a program that keeps ending is tried again later each time, and the requests meanwhile say so', async () => {
    const world = await processes.world(processes.program('process.exit(1);'), {
      firstRestart: 20,
      restartPatience: 50,
      longestRestart: 60_000,
    });
    const said: string[] = [];
    while (!said.at(-1)?.includes('tried again in')) said.push((await failure(namesIn(world))).description);
    const pauses = world.log.entries.flatMap(({ event, fields }) =>
      event === 'provider.ended' ? [fields['restartIn']] : [],
    );
    expect(pauses).toEqual([20, 40, 80]);
    expect(said.at(-1)).toContain('exit status 1');
  });

  test('a program that cannot be started is said so', async () => {
    const world = await processes.world(['/nonexistent/program']);
    expect((await failure(namesIn(world))).description).toContain('/nonexistent/program cannot be started');
    await expect(world.process.start()).rejects.toMatchObject({ code: 'provider_unavailable' });
  });

  test.each([
    ['is no JSON', `process.stdout.write('hello\\n');`, 'expected JSON-RPC'],
    ['is no object', `process.stdout.write('[1]\\n');`, 'expected a JSON-RPC object'],
    ['is not UTF-8', `process.stdout.write(Buffer.from([0x22, 0xff, 0x22, 0x0a]));`, 'expected JSON-RPC'],
    ['is endless', `process.stdout.write('x'.repeat(20000)); await new Promise(() => {});`, 'more than 10000 bytes'],
  ])('an answer that %s ends the program', async (_what, body, reason) => {
    const world = await processes.world(processes.program(`if (method === 'get') { ${answersGet} } ${body}`), {
      ...quick,
      messageBytes: 10_000,
    });
    expect((await failure(namesIn(world))).description).toContain(reason);
    expect((await world.run(getInstance(a))).instance.get('Name')).toBe('a');
  });

  test('no answer in time fails that request, is told to the program, and holds up no other', async () => {
    const world = await processes.world(
      processes.program(`if (method === 'cancel') { fs.writeFileSync('cancelled', String(params.id)); return; }
        if (method === 'invoke') { fs.writeFileSync('hangs', String(id)); return; }
        ${answersGet}`),
      { methodTime: 300 },
    );
    const late = failure(world.run(invoke(a, 'Stop')));
    expect((await world.run(getInstance(a))).instance.get('Name')).toBe('a');
    expect((await late).description).toContain('no answer to invoke within 300 ms');
    expect((await world.run(getInstance(a))).instance.get('Name')).toBe('a');
    const text = (name: string): string => readFileSync(join(processes.folder, name), 'utf8');
    expect(text('cancelled')).toBe(text('hangs'));
  });

  test('a client that goes away is told to the program', async () => {
    const world = await processes.world(
      processes.program(`if (method === 'cancel') fs.writeFileSync('left', 'yes');
        if (method === 'enumerate') fs.writeFileSync('entered', 'yes');`),
    );
    const controller = new AbortController();
    const { batches } = await world.manager.execute(
      { user: 'someone', method: 'internal', address: null },
      enumerateInstances('TST_Host'),
      { signal: controller.signal },
    );
    const ended = all(batches).catch(() => 'ended');
    const there = (name: string): boolean => {
      try {
        return readFileSync(join(processes.folder, name), 'utf8') === 'yes';
      } catch {
        return false;
      }
    };
    await until(() => there('entered'));
    controller.abort();
    expect(await ended).toBe('ended');
    await until(() => there('left'));
  });

  test('that is no fault of the program', async () => {
    const world = await processes.world(processes.program(`if (method === 'get') fs.writeFileSync('asked', 'yes');`));
    const controller = new AbortController();
    const asked = world.manager.execute({ user: 'someone', method: 'internal', address: null }, getInstance(a), {
      signal: controller.signal,
    });
    const ended = failure(asked);
    await until(() => existsSync(join(processes.folder, 'asked')));
    controller.abort();
    expect((await ended).status).toBe(1);
    expect(world.manager.registry.statistics()).toMatchObject([{ className: 'TST_Host', calls: 1, failures: 0 }]);
  });

  test('a program that does not read gets no more than is allowed to wait', async () => {
    const world = await processes.world([process.execPath, '-e', 'setInterval(() => {}, 1000)'], {
      waitingBytes: 300_000,
      answerTime: 500,
      endTime: 20,
    });
    const cls = world.repository.space(namespace)?.schema.get('TST_Host');
    if (cls === undefined) throw new Error('no class');
    const create = (at: number): Promise<CimError> =>
      failure(world.run(createInstanceRequest(createInstance(cls, { Name: `h${at}`, Caption: 'x'.repeat(100_000) }))));
    const errors = await Promise.all(Array.from({ length: 8 }, (_, at) => create(at)));
    const busy = errors.filter(({ description }) => description.includes('does not read its requests'));
    expect(busy.length).toBeGreaterThan(2);
  });
});

describe('its standard error', () => {
  test('goes into the log, line by line, bounded', async () => {
    const world = await processes.world(
      processes.program(`console.error('first \\u0007 line\\nsecond');
        for (let at = 0; at < 500; at++) console.error('more ' + at); ${answersGet}`),
    );
    await world.run(getInstance(a));
    const lines = (): unknown[] =>
      world.log.entries.flatMap(({ event, fields }) => (event === 'provider.stderr' ? [fields['line']] : []));
    await until(() => lines().length >= 100);
    await processes.close();
    expect(lines().slice(0, 2)).toEqual(['first ? line', 'second']);
    expect(lines()).toHaveLength(100);
  });
});

describe('a program that runs already', () => {
  test('is reached by its Unix socket, and again after it was away', async () => {
    const path = join(processes.folder, 'provider.sock');
    const open = new Set<Socket>();
    const listen = (): Promise<ReturnType<typeof createServer>> =>
      new Promise((resolve) => {
        const server = createServer((socket) => {
          open.add(socket);
          socket.on('data', (chunk) => {
            const { id, params } = JSON.parse(chunk.toString()) as {
              id: number;
              params: { path: { keys: { Name: string } } };
            };
            const instance = { class: 'TST_Host', properties: { Name: params.path.keys.Name } };
            socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: { instance } })}\n`);
          });
        });
        server.listen(path, () => resolve(server));
      });
    const world = await processes.worldAt({ kind: 'socket', path }, quick);
    expect((await failure(world.run(getInstance(a)))).description).toContain(
      `the provider at ${path} cannot be reached`,
    );
    const first = await listen();
    expect((await world.run(getInstance(a))).instance.get('Name')).toBe('a');
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => first.close(resolve));
    await until(() => world.log.entries.filter(({ event }) => event === 'provider.ended').length >= 2);
    const second = await listen();
    expect((await world.run(getInstance(a))).instance.get('Name')).toBe('a');
    await processes.close();
    second.close();
  });
});

test('closing ends a program that ignores the end of its input and signals', async () => {
  const world = await processes.world(
    [process.execPath, '-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.stdin.resume()"],
    { endTime: 50 },
  );
  await world.process.start();
  await processes.close();
  expect((await failure(namesIn(world))).description).toContain('was closed');
});
