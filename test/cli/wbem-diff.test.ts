import { createTestServer, type TestServer } from '../../src/host/testing/index.js';
import { run } from './run.js';

let one: TestServer;
let two: TestServer;
beforeAll(async () => {
  const mof = (size: number, type: string): string =>
    `class ACME_Disk { [Key] string Name; ${type} Size; }; instance of ACME_Disk { Name = "a"; Size = ${size}; };`;
  one = await createTestServer({ mof: mof(5, 'uint64') });
  two = await createTestServer({ mof: mof(6, 'uint32') });
});
afterAll(async () => {
  await one.close();
  await two.close();
});

const at = (server: TestServer, path: string): string => `${server.url}/root/cimv2:${path}`;

test('tvdc wbem diff shows how instances and classes of two servers differ', async () => {
  const disk = 'ACME_Disk.Name="a"';
  expect(await run('wbem', 'diff', at(one, disk), at(one, disk))).toEqual({ status: 0, out: '', notes: '' });
  expect(await run('wbem', 'diff', at(one, disk), at(two, disk))).toEqual({
    status: 1,
    out: 'Size type: uint64 → uint32\nSize: 5 → 6\n',
    notes: '',
  });
  const classes = await run('wbem', 'diff', at(one, 'ACME_Disk'), at(two, 'ACME_Disk'), '-o', 'json');
  expect(JSON.parse(classes.out)).toEqual([{ at: 'Size type', left: 'uint64', right: 'uint32' }]);
  expect((await run('wbem', 'diff', at(one, disk), at(two, 'ACME_Disk'))).status).toBe(2);
});
