import { CimDateTime } from '../../../src/cim/model/index.js';
import type { OperationReport, ProviderReport } from '../../../src/cimom/index.js';
import { systemCaller } from '../../../src/cimom/index.js';
import { WbemClient } from '../../../src/client/wbem/index.js';
import { createInteropWorld, interop } from '../support/interop-world.js';

const operations: readonly OperationReport[] = [
  { operation: 'GetInstance', count: 3, failures: 1, time: 1500 },
  { operation: 'OpenEnumerateInstances', count: 2, failures: 0, time: 2 },
];
const providers: readonly ProviderReport[] = [
  {
    className: 'CIM_ObjectManager',
    namespaces: [interop],
    calls: 7,
    failures: 0,
    refusals: 1,
    objects: 7,
    time: 4,
    lastFailure: null,
  },
];

async function connect() {
  let on = false;
  const world = await createInteropWorld({
    interop: {
      statistics: {
        operations: () => operations,
        providers: () => providers,
        gathering: () => on,
        gather: async (wanted) => {
          on = wanted;
        },
      },
    },
  });
  const client = new WbemClient(world.manager.transport(systemCaller), { namespace: interop });
  return { world, client };
}

test('statistics are shown from when the object manager is told to gather them until it is told to stop', async () => {
  const { world, client } = await connect();
  const [manager] = await client.enumerateInstanceNames('CIM_ObjectManager');
  const read = () => client.enumerateInstances('CIM_CIMOMStatisticalData');
  expect(await read()).toEqual([]);
  await client.modify(manager as NonNullable<typeof manager>, { GatherStatisticalData: true });
  const rows = await read();
  expect(
    rows.map((row) => [row.get('OperationType'), row.get('OtherOperationType'), row.get('NumberOfOperations')]),
  ).toEqual([
    [4, null, 3n],
    [1, 'OpenEnumerateInstances', 2n],
    [1, 'Provider CIM_ObjectManager', 7n],
  ]);
  expect(rows[0]?.get('CimomElapsedTime')).toEqual(CimDateTime.parse('00000000000001.500000:000'));
  const shown = await client.getInstance(manager as NonNullable<typeof manager>);
  expect(shown.get('GatherStatisticalData')).toBe(true);
  await client.modify(manager as NonNullable<typeof manager>, { GatherStatisticalData: false });
  expect(await read()).toEqual([]);
  await world.close();
});

test('every statistic hangs on the object manager', async () => {
  const { world, client } = await connect();
  const [manager] = await client.enumerateInstanceNames('CIM_ObjectManager');
  await client.modify(manager as NonNullable<typeof manager>, { GatherStatisticalData: true });
  const found = await client.associatorNames(manager as NonNullable<typeof manager>, {
    assocClass: 'CIM_ElementStatisticalData',
  });
  expect(found).toHaveLength(3);
  await world.close();
});
