import { createSchema } from '../../../src/cim/schema/index.js';
import { classOf, declare, sampleSchema } from './kit.js';

describe('a schema', () => {
  test('finds classes whatever the case, and gives the same object every time', () => {
    const { schema } = sampleSchema();
    expect(classOf(schema, 't_host').name).toBe('T_Host');
    expect(classOf(schema, 'T_HOST')).toBe(classOf(schema, 'T_Host'));
    expect(schema.get('T_None')).toBeUndefined();
  });

  test('walks the hierarchy in both directions', () => {
    const { schema } = sampleSchema();
    expect(schema.superclassOf('t_host')).toBe('T_System');
    expect(schema.superclassOf('T_Element')).toBeNull();
    expect(schema.superclassOf('T_None')).toBeUndefined();
    expect(schema.subclasses('T_Element')).toEqual(['T_System']);
    expect(schema.subclasses('T_Element', { deep: true })).toEqual(['T_System', 'T_Host', 'T_Guest']);
    expect(schema.subclasses(null)).toEqual(['T_Element', 'T_Setting', 'T_Hosts', 'T_NoKey']);
    expect(schema.isSubclass('t_guest', 'T_ELEMENT')).toBe(true);
    expect(schema.isSubclass('T_Element', 'T_Guest')).toBe(false);
    expect(schema.isSubclass('T_None', 'T_None')).toBe(false);
  });

  test('forgets a changed class and its descendants only', () => {
    const { schema, source } = sampleSchema();
    const [before, sibling] = [classOf(schema, 'T_Host'), classOf(schema, 'T_Setting')];
    source.set(declare('class T_Other : T_Element { };'));
    schema.invalidate('T_Other');
    expect(classOf(schema, 'T_Host')).toBe(before);
    const system = schema.declared('T_System');
    if (system === undefined) throw new Error('T_System is gone');
    source.set({ ...system, properties: system.properties.slice(0, 3) });
    schema.invalidate('T_System');
    expect(classOf(schema, 'T_Host').properties.map(({ name }) => name)).not.toContain('Ready');
    expect(classOf(schema, 'T_Setting')).toBe(sibling);
  });

  test('follows added and removed classes in the list of subclasses', () => {
    const { schema, source } = sampleSchema();
    expect(schema.subclasses('T_Host')).toEqual([]);
    source.set(declare('class T_BigHost : T_Host { };'));
    schema.invalidate('T_BigHost');
    expect(schema.subclasses('T_Element', { deep: true })).toContain('T_BigHost');
    source.delete('T_BigHost');
    schema.invalidate('T_BigHost');
    expect(schema.subclasses('T_Host')).toEqual([]);
    expect(schema.get('T_BigHost')).toBeUndefined();
  });

  test('does not read classes to answer questions about names where the source knows superclasses', () => {
    const { source } = sampleSchema();
    const read: string[] = [];
    const schema = createSchema({
      find: (name) => {
        read.push(name);
        return source.find(name);
      },
      names: () => source.names(),
      qualifierType: source.qualifierType,
      superclassOf: (name) => source.find(name)?.superclass,
    });
    schema.subclasses(null, { deep: true });
    expect(schema.isSubclass('T_Host', 'T_Element')).toBe(true);
    expect(read).toEqual([]);
    schema.get('T_System');
    expect(read).toEqual(['T_System', 'T_Element']);
  });

  test('gives nothing for a class in a circle', () => {
    const { schema, source } = sampleSchema();
    const element = schema.declared('T_Element');
    if (element === undefined) throw new Error('T_Element is gone');
    source.set({ ...element, superclass: 'T_Host' });
    schema.invalidateAll();
    expect(schema.get('T_Host')).toBeUndefined();
    expect(schema.isSubclass('T_Host', 'T_Setting')).toBe(false);
  });
});
