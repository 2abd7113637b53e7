import { findByName, hasQualifier, qualifierValue } from '../../../src/cim/model/index.js';
import { cutClass } from '../../../src/cim/schema/index.js';
import { classOf, sampleSchema } from './kit.js';

const { schema } = sampleSchema();

describe('a resolved class', () => {
  const host = classOf(schema, 't_HOST');

  test('has inherited elements first, in the order of their first declaration', () => {
    expect(host.properties.map(({ name }) => name)).toEqual([
      'Caption',
      'Label',
      'State',
      'Name',
      'Slot',
      'Size',
      'Bytes',
      'Ready',
      'Since',
      'Owner',
      'Setting',
      'Settings',
      'Anything',
    ]);
  });

  test('says where each property came from and whether it is inherited', () => {
    const property = (name: string) => findByName(host.properties, name);
    expect(property('Label')).toMatchObject({ classOrigin: 'T_Element', propagated: true });
    expect(property('State')).toMatchObject({ classOrigin: 'T_Element', propagated: false, defaultValue: 2 });
    expect(property('Setting')).toMatchObject({ classOrigin: 'T_Host', propagated: false });
    expect(findByName(host.methods, 'Change')).toMatchObject({ classOrigin: 'T_Element', propagated: true });
  });

  test('inherits qualifiers by flavor: Key travels, Abstract and Override do not', () => {
    expect(hasQualifier(host, 'Abstract')).toBe(false);
    const name = findByName(host.properties, 'Name');
    expect(name?.qualifiers).toEqual([expect.objectContaining({ name: 'Key', value: true, propagated: true })]);
    const caption = findByName(host.properties, 'Caption');
    expect(caption?.qualifiers.map((qualifier) => [qualifier.name, qualifier.propagated])).toEqual([
      ['Description', true],
      ['MaxLen', true],
    ]);
  });

  test('knows embedded properties', () => {
    expect(findByName(host.properties, 'Setting')?.embedded).toBe('instance');
    expect(findByName(host.properties, 'Settings')?.embedded).toBe('instance');
    expect(findByName(host.properties, 'Anything')?.embedded).toBe('object');
    expect(findByName(host.properties, 'Label')?.embedded).toBeNull();
  });

  test('shares what it inherits with its siblings', () => {
    const guest = classOf(schema, 'T_Guest');
    expect(findByName(guest.properties, 'Name')).toBe(findByName(host.properties, 'Name'));
  });

  test('inherits parameters with their qualifiers', () => {
    const change = findByName(host.methods, 'Change');
    expect(change?.parameters.map(({ name }) => name)).toEqual(['State', 'Why']);
    expect(qualifierValue(change?.parameters[0] ?? { qualifiers: [] }, 'Values')).toEqual(['On']);
  });
});

describe('a cut class', () => {
  const all = { localOnly: false, includeQualifiers: true, includeClassOrigin: true, propertyList: null };
  const host = classOf(schema, 'T_Host');

  test('is the class itself where everything is wanted', () => {
    expect(cutClass(host, all)).toBe(host);
  });

  test('has only its own elements and qualifiers with LocalOnly', () => {
    const local = cutClass(host, { ...all, localOnly: true });
    expect(local.properties.map(({ name }) => name)).toEqual(['State', 'Setting', 'Settings', 'Anything']);
    expect(local.methods).toEqual([]);
    const state = findByName(local.properties, 'State');
    expect(state?.qualifiers.map(({ name }) => name)).toEqual(['Override']);
  });

  test('has no qualifiers and no class origin where they are not wanted', () => {
    const bare = cutClass(host, { ...all, includeQualifiers: false, includeClassOrigin: false });
    expect([bare, ...bare.properties, ...bare.methods].every(({ qualifiers }) => qualifiers.length === 0)).toBe(true);
    expect(bare.methods[0]?.parameters.every(({ qualifiers }) => qualifiers.length === 0)).toBe(true);
    expect(bare.properties.every(({ classOrigin }) => classOrigin === null)).toBe(true);
  });

  test('keeps the properties of the list, whatever their case, and ignores unknown names', () => {
    const some = cutClass(host, { ...all, propertyList: ['NAME', 'size', 'Nothing', 'name'] });
    expect(some.properties.map(({ name }) => name)).toEqual(['Name', 'Size']);
    expect(cutClass(host, { ...all, propertyList: [] }).properties).toEqual([]);
  });
});
