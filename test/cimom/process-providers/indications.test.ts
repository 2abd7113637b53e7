import { ManualClock, MemoryLog } from '../../../src/base/index.js';
import type { CimInstance } from '../../../src/cim/model/index.js';
import { IndicationIntake } from '../../../src/cimom/process-providers/indications.js';
import { defaultProcessLimits } from '../../../src/cimom/process-providers/limits.js';
import { createWorld, namespace } from '../support/world.js';

const creation = (properties: object): object => ({ class: 'CIM_InstCreation', properties });

async function intake(namespaces: readonly string[] = [namespace]) {
  const { repository } = await createWorld();
  const published: { readonly where: string; readonly indication: CimInstance }[] = [];
  const log = new MemoryLog();
  const clock = new ManualClock(0);
  const ports = {
    classes: [{ className: 'CIM_InstCreation', namespaces }],
    schema: (name: string) => repository.space(name)?.schema,
    publish: (where: string, indication: CimInstance) => void published.push({ where, indication }),
  };
  const limits = { ...defaultProcessLimits, indicationsPerSecond: 3 };
  const taken = new IndicationIntake('test', ports, limits, log, clock);
  return { take: (params: Readonly<Record<string, unknown>>) => taken.take(params), published, log, clock };
}

const note = { class: 'TST_Note', properties: { InstanceID: 'n', Text: 'x' } };

test('an indication comes on the shape of its class, with what it embeds', async () => {
  const { take, published, log } = await intake();
  take({ indication: creation({ sourceinstance: note, IndicationTime: '20240229120000.000000+000' }) });
  expect(log.entries).toEqual([]);
  const [{ where, indication } = { where: '', indication: null }] = published;
  expect(where).toBe(namespace);
  expect(indication?.path).toBeNull();
  expect((indication?.get('SourceInstance') as CimInstance).get('Text')).toBe('x');
  expect(indication?.get('IndicationIdentifier') ?? null).toBeNull();
});

test('of several namespaces one must be named', async () => {
  const { take, published, log } = await intake([namespace, 'root/other']);
  take({ indication: creation({}) });
  take({ indication: creation({}), namespace: 'ROOT/other' });
  expect(published.map(({ where }) => where)).toEqual(['root/other']);
  expect(log.entries).toHaveLength(1);
});

test.each([
  ['nothing', {}],
  ['text', { indication: 'CIM_InstCreation' }],
  ['a class that the description does not name', { indication: { class: 'CIM_InstDeletion', properties: {} } }],
  ['a class without properties of that name', { indication: creation({ Zork: 1 }) }],
  ['a value of another type', { indication: creation({ IndicationTime: 'noon' }) }],
  [
    'an embedded object that breaks its class',
    { indication: creation({ SourceInstance: { class: 'TST_Note', properties: { Stars: 'x' } } }) },
  ],
  ['another namespace', { indication: creation({}), namespace: 'root/interop' }],
])('%s is refused, with a line in the log', async (_name, params) => {
  const { take, published, log } = await intake();
  take(params);
  expect(published).toEqual([]);
  expect(log.entries).toMatchObject([
    { level: 'warn', event: 'provider.indication_refused', fields: { provider: 'test' } },
  ]);
});

test('more than it may raise within a second are dropped and counted', async () => {
  const { take, published, log, clock } = await intake();
  for (let at = 0; at < 10; at++) take({ indication: creation({}) });
  expect(published).toHaveLength(3);
  clock.advance(1000);
  take({ indication: creation({}) });
  expect(published).toHaveLength(4);
  expect(log.entries).toMatchObject([{ event: 'provider.indications_dropped', fields: { dropped: 7 } }]);
});
