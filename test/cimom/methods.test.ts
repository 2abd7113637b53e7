import {
  CimDateTime,
  type CimInstancePath,
  type CimValue,
  createClassPath,
  createInstancePath,
} from '../../src/cim/model/index.js';
import type { ParameterValue } from '../../src/cim/operations/index.js';
import type { MethodFunction, MethodOutcome } from '../../src/cimom/index.js';
import { createHostProvider } from './support/hosts.js';
import { statusOf } from './support/outcome.js';
import { invoke } from './support/requests.js';
import { createWorld, type World } from './support/world.js';

const host = createInstancePath('TST_Host', { Name: 'a' });
const mode: ParameterValue = { name: 'Mode', type: null, isArray: false, value: '3' };

interface Seen {
  self: CimInstancePath | null;
  parameters: Readonly<Record<string, CimValue>>;
}

async function worldWith(outcome: MethodOutcome, seen: Seen[] = []): Promise<World> {
  const start: MethodFunction = async (_context, self, parameters) => {
    seen.push({ self, parameters });
    return outcome;
  };
  const version: MethodFunction = async () => ({ returnValue: '1.0' });
  return createWorld({ providers: [createHostProvider(['a'], { methods: { Start: start, version } })] });
}

test('parameters arrive by name in any order and case, in the types of the class, NULL where they were not sent', async () => {
  const seen: Seen[] = [];
  const world = await worldWith({ returnValue: 0 }, seen);
  const names: ParameterValue = { name: 'names', type: 'string', isArray: true, value: ['x', 'y'] };
  await world.run(invoke(host, 'START', [names, { ...mode, name: 'MODE' }]));
  expect(seen).toEqual([
    {
      self: { ...host, namespace: null },
      parameters: { Mode: 3, Note: null, Names: ['x', 'y'], Settings: null },
    },
  ]);
});

test('outputs are typed by the class, NULL ones are left out, references are full paths', async () => {
  const when = CimDateTime.parse('20260101120000.000000+000');
  const primary = createInstancePath('TST_Device', { DeviceID: 'd', Slot: 1 });
  const world = await worldWith({ returnValue: 5, out: { note: 'n', When: when, Primary: primary } });
  const result = await world.run(invoke(host, 'Start', [mode]));
  expect(result.returnType).toBe('uint32');
  expect(result.returnValue).toBe(5);
  expect(result.outParameters.map(({ name, type }) => [name, type])).toEqual([
    ['Note', 'string'],
    ['When', 'datetime'],
    ['Primary', 'reference'],
  ]);
  expect(result.outParameters[2]?.value).toMatchObject({ host: 'host.example', namespace: 'root/test' });
  const without = await worldWith({ returnValue: 0, out: { Note: null } });
  expect((await without.run(invoke(host, 'Start', [mode]))).outParameters).toEqual([]);
});

test('a static method is called on the class, others need an instance that exists', async () => {
  const world = await worldWith({ returnValue: 0 });
  const onClass = await world.run(invoke(createClassPath('tst_host'), 'Version'));
  expect(onClass.returnValue).toBe('1.0');
  expect(await statusOf(world.run(invoke(createClassPath('TST_Host'), 'Start', [mode])))).toBe(4);
  const absent = createInstancePath('TST_Host', { Name: 'absent' });
  expect(await statusOf(world.run(invoke(absent, 'Start', [mode])))).toBe(6);
  expect(await statusOf(world.run(invoke(createInstancePath('TST_Nothing', { A: 1 }), 'Start')))).toBe(6);
});

test('17: not in the class; 16: declared but nobody executes it', async () => {
  const world = await worldWith({ returnValue: 0 });
  expect(await statusOf(world.run(invoke(host, 'Explode')))).toBe(17);
  expect(await statusOf(world.run(invoke(host, 'Stop')))).toBe(16);
});

test.each<[string, readonly ParameterValue[]]>([
  ['a required one is missing', []],
  ['a required one is NULL', [{ ...mode, value: null }]],
  ['one is unknown', [mode, { ...mode, name: 'Color' }]],
  ['one stands twice', [mode, { ...mode, name: 'mode' }]],
  ['one is not of its type', [{ ...mode, value: 'fast' }]],
  ['one is out of range', [{ ...mode, value: '65536' }]],
  ['one says another type', [{ ...mode, type: 'uint32', value: 3 }]],
  ['one is an array', [{ ...mode, isArray: true, value: ['3'] }]],
  ['an output is sent', [mode, { name: 'When', type: null, isArray: false, value: '20260101120000.000000+000' }]],
])('4 where %s, before the provider is asked', async (_what, parameters) => {
  const seen: Seen[] = [];
  const world = await worldWith({ returnValue: 0 }, seen);
  expect(await statusOf(world.run(invoke(host, 'Start', parameters)))).toBe(4);
  expect(seen).toEqual([]);
});

test.each<[string, MethodOutcome]>([
  ['a return value of another type', { returnValue: 'zero' }],
  ['an output that the method does not have', { returnValue: 0, out: { Color: 'red' } }],
  ['a value for an input', { returnValue: 0, out: { Mode: 3 } }],
  ['an output of another type', { returnValue: 0, out: { When: 'noon' } }],
  ['a reference to another class', { returnValue: 0, out: { Primary: host } }],
])('1 where the provider gives %s', async (_what, outcome) => {
  const world = await worldWith(outcome);
  expect(await statusOf(world.run(invoke(host, 'Start', [mode])))).toBe(1);
  expect(world.manager.registry.statistics()[0]?.failures).toBe(1);
});
