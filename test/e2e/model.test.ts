import {
  type CimClass,
  type CimInstance,
  type CimInstancePath,
  CimError,
  findByName,
  formatObjectPath,
  hasQualifier,
  isAbstract,
  isAssociation,
  isIndication,
  relocate,
} from '../../src/cim/index.js';
import type { WbemClient } from '../../src/client/index.js';
import { namespace, openSampleHost, populateHost, type SampleHost } from './support/sample-host.js';

interface Served {
  readonly space: string;
  readonly cls: CimClass;
  readonly instances: readonly CimInstance[];
}

let sample: SampleHost;
let client: WbemClient;
/** Concrete classes with the instances that are exactly of them, by namespace and name. */
let served: readonly Served[];

beforeAll(async () => {
  sample = await openSampleHost();
  await populateHost(sample);
  ({ client } = sample.admin);
  const all: Served[] = [];
  for (const space of [namespace, 'root/interop']) {
    for (const cls of await client.enumerateClasses({
      namespace: space,
      deepInheritance: true,
      includeClassOrigin: true,
    })) {
      if (isAbstract(cls) || isIndication(cls)) continue;
      const instances = await client.instances(cls.name, { namespace: space }).toArray();
      all.push({ space, cls, instances: instances.filter((instance) => instance.className === cls.name) });
    }
  }
  served = all;
});
afterAll(() => sample.close());

function* everyInstance(): Iterable<{ readonly cls: CimClass; readonly instance: CimInstance; readonly name: string }> {
  for (const { cls, instances } of served) {
    for (const instance of instances) {
      yield { cls, instance, name: instance.path === null ? cls.name : formatObjectPath(instance.path) };
    }
  }
}

function isPath(value: unknown): value is CimInstancePath {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance-path';
}

test('every managed element has a name', () => {
  const nameless: string[] = [];
  for (const { cls, instance, name } of everyInstance()) {
    if (findByName(cls.properties, 'ElementName') === undefined) continue;
    if ((instance.getString('ElementName') ?? '') === '') nameless.push(name);
  }
  expect(nameless).toEqual([]);
});

test('every managed system element tells its OperationalStatus and HealthState', () => {
  const silent: string[] = [];
  for (const { cls, instance, name } of everyInstance()) {
    if (findByName(cls.properties, 'HealthState') === undefined) continue;
    const status = instance.get('OperationalStatus');
    const told = Array.isArray(status) && status.length > 0 && instance.getNumber('HealthState') !== null;
    if (!told) silent.push(name);
  }
  expect(silent).toEqual([]);
});

test('required and key properties have values', () => {
  const missing: string[] = [];
  for (const { cls, instance, name } of everyInstance()) {
    for (const property of cls.properties) {
      if (!hasQualifier(property, 'Required') && !hasQualifier(property, 'Key')) continue;
      const value = instance.get(property.name);
      if (value === null || value === undefined) missing.push(`${name}: ${property.name}`);
    }
  }
  expect(missing).toEqual([]);
});

test('an instance is found by its path, and the keys in its path are its properties', async () => {
  const wrong: string[] = [];
  for (const { cls, instances } of served) {
    const [instance] = instances;
    const path = instance?.path ?? null;
    if (path === null) continue;
    const found = await client.getInstance(path);
    for (const key of path.keys) {
      const value = found.get(key.name);
      const same = isPath(value) ? isPath(key.value) : value === key.value;
      if (!same) wrong.push(`${cls.name}.${key.name}`);
    }
    const creationClass = found.getString('CreationClassName');
    if (creationClass !== null && creationClass !== cls.name) wrong.push(`${cls.name}.CreationClassName`);
  }
  expect(wrong).toEqual([]);
});

test('associations name only what is there', async () => {
  const known = new Map<string, boolean>();
  const dangling: string[] = [];
  let ends = 0;
  for (const { cls, instance } of everyInstance()) {
    if (!isAssociation(cls)) continue;
    for (const { name } of cls.properties) {
      const end = instance.get(name);
      if (!isPath(end)) continue;
      ends++;
      // A reference without a namespace names an instance beside the association.
      const target = end.namespace === null ? relocate(end, { namespace: instance.path?.namespace ?? namespace }) : end;
      const text = formatObjectPath(target);
      let there = known.get(text);
      if (there === undefined) {
        there = await client.getInstance(target).then(
          () => true,
          (error: unknown) => {
            if (error instanceof CimError) return false;
            throw error;
          },
        );
        known.set(text, there);
      }
      if (!there) dangling.push(`${cls.name}.${name}: ${text}`);
    }
  }
  expect(ends).toBeGreaterThan(200);
  expect([...new Set(dangling)]).toEqual([]);
});

/** Classes whose instances come with work that this host does not have: jobs, and migration between hosts. */
const later = [
  'TVDC_AffectedJobElement',
  'TVDC_ConcreteJob',
  'TVDC_MigrationRecord',
  'TVDC_OwningJobElement',
  'TVDC_VirtualSystemMigrationSettingData',
];

test('every class of ours has instances, but for jobs and migration', () => {
  const empty = served.filter(({ cls, instances }) => cls.name.startsWith('TVDC_') && instances.length === 0);
  expect(empty.map(({ cls }) => cls.name).sort()).toEqual(later);
});

test('every method that our classes declare is carried out', () => {
  const missing: string[] = [];
  let found = 0;
  for (const { space, cls } of served) {
    if (!cls.name.startsWith('TVDC_') || later.includes(cls.name)) continue;
    for (const method of cls.methods) {
      if (!method.classOrigin?.startsWith('TVDC_')) continue;
      found++;
      const provider = sample.vm.objectManager.registry.find(space, cls.name);
      if (provider?.method(method.name) === undefined) missing.push(`${cls.name}.${method.name}`);
    }
  }
  expect(found).toBeGreaterThan(35);
  expect(missing).toEqual([]);
});
