import { readFileSync } from 'node:fs';
import { writeTypeScriptTypes } from '../../../src/cim/mof/index.js';
import { CimInstance, type CimInstancePath, createInstance, stringKey } from '../../../src/cim/model/index.js';
import type { Provider } from '../../../src/cimom/index.js';
import { toTypedInstance, typedClient } from '../../../src/client/index.js';
import { createTestServer, type TestServer } from '../../../src/host/testing/index.js';
import { compileGood } from '../../cim/mof/kit.js';
import { errorLike } from '../../support/errors.js';
import {
  type ACME_Disk,
  ACME_Disk_Resize_Result,
  ACME_Element_State,
  type CimClasses,
  type CimMethods,
} from './acme-types.js';

const folder = new URL('.', import.meta.url);
const mof = readFileSync(new URL('acme.mof', folder), 'utf8');
const disks = new Map<string, CimInstance>();
const nameIn = (path: CimInstancePath | null): string => (path === null ? '' : (stringKey(path, 'Name') ?? ''));
const diskProvider: Provider = {
  namespaces: ['root/cimv2'],
  className: 'ACME_Disk',
  enumerate: async function* () {
    yield [...disks.values()];
  },
  create: async (_context, instance) => {
    if (instance.path === null) throw new Error('no key');
    disks.set(nameIn(instance.path), instance);
    return instance.path;
  },
  modify: async (_context, instance, names) => {
    const changes = instance.select(names).properties();
    const before = disks.get(nameIn(instance.path));
    if (before === undefined) throw new Error('no such disk');
    const values = Object.fromEntries(changes.map(({ name, value }) => [name, value]));
    disks.set(nameIn(instance.path), before.with(values));
  },
  methods: {
    Resize: async (_context, self, { Size = null }) => {
      const disk = disks.get(nameIn(self));
      if (disk === undefined) throw new Error('no such disk');
      disks.set(nameIn(self), disk.with({ Size }));
      return { returnValue: 0, out: { Before: disk.get('Size') ?? null } };
    },
  },
};
let server: TestServer;

beforeAll(async () => {
  server = await createTestServer({ mof, listen: 'process', providers: [diskProvider] });
});
afterAll(() => server.close());

test('the types in this folder are those that are written for the classes', () => {
  const { classes, schema } = compileGood(mof);
  const resolved = classes.map((cls) => schema.get(cls.name) ?? cls);
  const text = writeTypeScriptTypes(resolved, '../../../src/cim/index.js');
  const squeezed = (code: string): string => code.replace(/\s+/g, ' ');
  expect(squeezed(readFileSync(new URL('acme-types.ts', folder), 'utf8'))).toBe(squeezed(text));
});

test('classes, properties, methods and parameters are known to the compiler', async () => {
  const acme = typedClient<CimClasses, CimMethods>(server.client);
  const path = await acme.create('ACME_Disk', { Name: 'a', Size: 5n, Tags: ['x', null] });
  const disk = await acme.get('ACME_Disk', path);
  const size: bigint | null = disk.values.Size;
  const tags: readonly (string | null)[] | null = disk.values.Tags;
  expect([size, tags, disk.values.Since]).toEqual([5n, ['x', null], null]);
  expect(disk.values.State).toBe(ACME_Element_State.Enabled);

  await acme.modify('ACME_Disk', path, { State: ACME_Element_State.Disabled });
  const [only] = await acme.instances('ACME_Element', { propertyList: ['State'] }).toArray();
  expect(only?.values).toEqual({ State: 3 });
  expect(only?.className).toBe('ACME_Disk');

  const result = await acme.invoke('ACME_Disk', path, 'Resize', { Size: 9n });
  const before: bigint | null | undefined = result.Before;
  expect([result.returnValue, before]).toEqual([ACME_Disk_Resize_Result.Completed, 5n]);
});

test('what the types do not have does not compile', () => {
  const acme = typedClient<CimClasses, CimMethods>(server.client);
  const wrong = [
    // @ts-expect-error there is no such class
    () => acme.get('ACME_Tape', 'ACME_Tape.Name="a"'),
    // @ts-expect-error the size is a bigint
    () => acme.create('ACME_Disk', { Name: 'a', Size: 5 }),
    // @ts-expect-error the method has no such parameter
    () => acme.invoke('ACME_Disk', null, 'Resize', { Amount: 9n }),
    // @ts-expect-error the superclass has no such method
    () => acme.invoke('ACME_Element', null, 'Resize', { Size: 9n }),
    // @ts-expect-error the class has no such property
    () => acme.instances('ACME_Element', { propertyList: ['Size'] }),
  ];
  expect(wrong).toHaveLength(5);
  // An inherited method is one of the subclass too.
  const inherited: CimMethods['ACME_Disk']['Reset']['out'] = { returnValue: 0 };
  expect(inherited.returnValue).toBe(0);
});

test('an instance that is not what its class says is refused, and what was read cannot be changed', async () => {
  const cls = await server.client.classOf('ACME_Disk');
  const good = createInstance(cls, { Name: 'b', Size: 1n, Tags: ['t'] });
  const typed = toTypedInstance<ACME_Disk>(cls, good);
  expect(Object.isFrozen(typed.values)).toBe(true);
  expect(Object.isFrozen(typed.values.Tags)).toBe(true);
  const bad = new CimInstance(
    good.shape,
    good.values.map((value) => (value === 1n ? '1' : value)),
    good.path,
  );
  expect(() => toTypedInstance<ACME_Disk>(cls, bad)).toThrow(errorLike({ code: 'bad_value' }));
  expect(() => toTypedInstance<ACME_Disk>(cls, good.withPath(null))).toThrow(errorLike({ code: 'bad_value' }));
});
