import { encodeResponse } from '../../src/cim/codec/index.js';
import { createInstance, createInstancePath } from '../../src/cim/model/index.js';
import type { CimRequest } from '../../src/cim/operations/index.js';
import { createHostProvider } from './support/hosts.js';
import { associators, enumerateInstances, getInstance, openEnumerateInstances } from './support/requests.js';
import { createWorld, namespace, type World } from './support/world.js';

async function encoded(world: World, request: CimRequest): Promise<string> {
  const answer = encodeResponse('1', request, await world.run(request), { host: 'host.example' });
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part);
  return Buffer.concat(parts).toString();
}

test('results of every form encode with the names that their element needs', async () => {
  const world = await createWorld({ providers: [createHostProvider(['a', 'b'])] });
  const space = world.repository.space(namespace);
  const make = (className: string, values: Parameters<typeof createInstance>[1]) => {
    const cls = space?.schema.get(className);
    if (cls === undefined) throw new Error('no class');
    return createInstance(cls, values);
  };
  const host = createInstancePath('TST_Host', { Name: 'a' });
  await space?.createInstance(make('TST_Note', { InstanceID: 'n' }));
  await space?.createInstance(
    make('TST_Remark', { Subject: host, Note: createInstancePath('TST_Note', { InstanceID: 'n' }) }),
  );
  expect(await encoded(world, getInstance(host))).toContain('<VALUE>1024</VALUE>');
  expect(await encoded(world, enumerateInstances('TST_Host'))).toMatch(
    /<VALUE.NAMEDINSTANCE><INSTANCENAME CLASSNAME="TST_Host">/,
  );
  const objects = await encoded(world, associators(host));
  expect(objects).toContain('<HOST>host.example</HOST>');
  expect(objects).toContain('<NAMESPACE NAME="test"/>');
  const pulled = await encoded(world, openEnumerateInstances('TST_Host', 1));
  expect(pulled).toContain('<HOST>host.example</HOST>');
  expect(pulled).toMatch(/<PARAMVALUE NAME="EnumerationContext"[^>]*><VALUE>[\w-]{32}<\/VALUE>/);
});
