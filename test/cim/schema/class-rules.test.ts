import type { CimClass } from '../../../src/cim/model/index.js';
import {
  checkCreateClass,
  checkDeleteClass,
  checkModifyClass,
  checkQualifierType,
  ClassViolation,
} from '../../../src/cim/schema/index.js';
import { errorsIn } from '../mof/kit.js';
import { classOf, declare, failureOf, sampleSchema } from './kit.js';

const nobody = (): boolean => false;

describe('creating a class', () => {
  test('gives back what is to be stored, without what is inherited', () => {
    const { schema } = sampleSchema();
    const sent = declare('class T_New : T_System { string More; };');
    const inherited = classOf(schema, 'T_System').properties.map((property) => ({ ...property, propagated: true }));
    const stored = checkCreateClass(schema, { ...sent, properties: [...inherited, ...sent.properties] });
    expect(stored.properties.map(({ name }) => name)).toEqual(['More']);
  });

  test.each([
    [11, 'class T_A { };', (cls: CimClass) => ({ ...cls, name: 't_host' }), 'exists already'],
    [10, 'class T_A { };', (cls: CimClass) => ({ ...cls, superclass: 'T_None' }), 'T_None'],
    [10, 'class T_A { };', (cls: CimClass) => ({ ...cls, superclass: 't_a' }), 'own superclass'],
    [4, 'class T_A { };', (cls: CimClass) => ({ ...cls, name: 'T A' }), 'not a class name'],
  ])('is refused with status %i', (status, text, change, sentence) => {
    const { schema } = sampleSchema();
    const failure = failureOf(() => checkCreateClass(schema, change(declare(text))));
    expect(failure).toMatchObject({ status, description: expect.stringContaining(sentence) });
  });

  test('names the place and the qualifier that is wrong', () => {
    const { schema } = sampleSchema();
    const cls = declare('class T_A { [Key] string K; };');
    const [property] = cls.properties;
    if (property === undefined) throw new Error('no property');
    const qualifiers = property.qualifiers.map((qualifier) => ({ ...qualifier, name: 'Nonsense' }));
    let caught: unknown;
    try {
      checkCreateClass(schema, { ...cls, properties: [{ ...property, qualifiers }] });
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ClassViolation);
    expect(caught).toMatchObject({ status: 4, place: 'T_A.K', qualifier: 'Nonsense' });
  });
});

describe('a declaration is refused', () => {
  const base = 'class T_Base { [Key] string Id; string Text; uint32 Go(string How); };';
  const association = '[Association] class T_Link { [Key] T_Base REF A; [Key] T_Base REF B; };';

  test.each([
    ['a qualifier on a place outside its scope', '[Key] class T_A { };', 'cannot stand on'],
    ['a qualifier that stands twice', 'class T_A { [Key, Key] string K; };', 'stands twice'],
    ['another array size', 'class T_A { uint8 P[3]; }; class T_B : T_A { uint8 P[4]; };', 'an array of 3 by one of 4'],
    ['a property that stands twice', 'class T_A { string P; uint8 p; };', 'stands twice'],
    ['a method that stands twice', 'class T_A { uint32 M(); uint32 m(); };', 'stands twice'],
    ['a parameter that stands twice', 'class T_A { uint32 M(string P, string p); };', 'stands twice'],
    ['a key that is an array', 'class T_A { [Key] string K[]; };', 'array cannot be a key'],
    ['a key that is embedded', 'class T_A { [Key, EmbeddedObject] string K; };', 'cannot be a key'],
    ['a further key below a class with keys', 'class T_A : T_Base { [Key] string Other; };', 'cannot add one'],
    ['a reference outside an association', 'class T_A { T_Base REF R; };', 'only associations'],
    ['an array of references', '[Association] class T_A { T_Base REF R[]; T_Base REF S; };', 'cannot be an array'],
    ['an association with one reference', '[Association] class T_A { [Key] T_Base REF R; };', 'two references'],
    ['an association below a class', '[Association] class T_A : T_Base { T_Base REF R; T_Base REF S; };', 'T_Base'],
    ['an indication below a class', '[Indication] class T_A : T_Base { };', 'T_Base'],
    [
      'an override of another type',
      'class T_A : T_Base { [Override ("Text")] uint8 Text; };',
      'overrides string by uint8',
    ],
    ['an override of another array-ness', 'class T_A : T_Base { [Override ("Text")] string Text[]; };', 'string[]'],
    ['an override of nothing', 'class T_A : T_Base { [Override ("None")] string None; };', 'does not have'],
    ['an override under another name', 'class T_A : T_Base { [Override ("Id")] string Text; };', 'must name Text'],
    ['another return type', 'class T_A : T_Base { [Override ("Go")] string Go(string How); };', 'returns uint32'],
    ['another parameter type', 'class T_A : T_Base { [Override ("Go")] uint32 Go(uint8 How); };', 'overrides string'],
    [
      'a wider reference',
      `${association}[Association] class T_A : T_Link { [Override ("A")] T_Link REF A; };`,
      'not derived',
    ],
    [
      'an inherited qualifier that may not be overridden',
      'class T_A : T_Base { [Override ("Id"), Key (FALSE)] string Id; };',
      'may not be overridden',
    ],
  ])('with %s', (_what, text, sentence) => {
    expect(errorsIn(`${base}${text}`)).toEqual([expect.stringContaining(sentence)]);
  });

  test('but not for a narrower reference or a key in a class without keys above', () => {
    const text = `${base}${association}
      class T_Sub : T_Base { };
      [Association] class T_A : T_Link { [Override ("A")] T_Sub REF A; };
      class T_Plain { string Id; };
      class T_Keyed : T_Plain { [Override ("Id"), Key] string Id; };`;
    expect(errorsIn(text)).toEqual([]);
  });
});

describe('changing a class', () => {
  test('passes where it only adds, also with subclasses and instances', () => {
    const { schema } = sampleSchema();
    const before = schema.declared('T_System') as CimClass;
    const added = declare('class T_X { string More; };').properties;
    const stored = checkModifyClass(schema, { ...before, properties: [...before.properties, ...added] }, () => true);
    expect(stored.properties.map(({ name }) => name)).toContain('More');
  });

  test('is refused with 6 for an unknown class and with 10 for another superclass', () => {
    const { schema } = sampleSchema();
    expect(failureOf(() => checkModifyClass(schema, declare('class T_None { };'), nobody))?.status).toBe(6);
    const moved = { ...declare('class T_X : T_Element { };'), name: 'T_Host' };
    expect(failureOf(() => checkModifyClass(schema, moved, nobody))?.status).toBe(10);
  });

  test('is refused with 8 where a subclass would no longer fit', () => {
    const { schema } = sampleSchema();
    const before = schema.declared('T_Element') as CimClass;
    const properties = before.properties.map((property) =>
      property.name === 'State' ? { ...property, type: 'uint8' as const } : property,
    );
    const failure = failureOf(() => checkModifyClass(schema, { ...before, properties }, nobody));
    expect(failure).toMatchObject({ status: 8, description: expect.stringContaining('T_Host') });
  });

  test.each([
    ['a property less', (cls: CimClass) => cls.properties.filter(({ name }) => name !== 'Amount'), 'lose Amount'],
    [
      'another type',
      (cls: CimClass) => cls.properties.map((p) => (p.name === 'Amount' ? { ...p, type: 'uint8' as const } : p)),
      'Amount would become uint8',
    ],
    [
      'other keys',
      (cls: CimClass) => cls.properties.map((p) => (p.name === 'Id' ? { ...p, qualifiers: [] } : p)),
      'its keys would become none',
    ],
  ])('is refused with 9 where instances would no longer fit: %s', (_what, properties, sentence) => {
    const { schema } = sampleSchema();
    const before = schema.declared('T_Setting') as CimClass;
    const changed = { ...before, properties: properties(before) };
    const failure = failureOf(() => checkModifyClass(schema, changed, (name) => name === 'T_SpecialSetting'));
    expect(failure).toMatchObject({ status: 9, description: expect.stringContaining(sentence) });
    expect(failureOf(() => checkModifyClass(schema, changed, nobody))).toBeNull();
  });
});

describe('deleting a class', () => {
  test('is refused with 6, 8 and 9, and else gives its name', () => {
    const { schema } = sampleSchema();
    expect(failureOf(() => checkDeleteClass(schema, 'T_None', nobody))?.status).toBe(6);
    expect(failureOf(() => checkDeleteClass(schema, 'T_System', nobody))?.status).toBe(8);
    expect(failureOf(() => checkDeleteClass(schema, 'T_Guest', () => true))?.status).toBe(9);
    expect(checkDeleteClass(schema, 't_guest', nobody)).toBe('T_Guest');
  });
});

test('a qualifier type needs a scope and a default of its type', () => {
  const { schema } = sampleSchema();
  const key = schema.qualifierType('Key');
  if (key === undefined) throw new Error('no qualifier type Key');
  expect(failureOf(() => checkQualifierType(key))).toBeNull();
  expect(failureOf(() => checkQualifierType({ ...key, scopes: new Set() }))?.status).toBe(4);
  expect(failureOf(() => checkQualifierType({ ...key, defaultValue: 'no' }))?.status).toBe(4);
  expect(failureOf(() => checkQualifierType({ ...key, type: 'reference', defaultValue: null }))?.status).toBe(4);
});
