import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CimClass,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  findByName,
  isAbstract,
  isAssociation,
  isIndication,
  isKey,
  keyProperties,
  qualifierValue,
} from '../../src/cim/model/index.js';
import {
  compileMofStrictly,
  type CompiledNamespace,
  createMapLoader,
  readZip,
  verifierMofFile,
  writeMof,
} from '../../src/cim/mof/index.js';
import { describeType } from '../../src/cim/schema/index.js';
import { shippedLoader } from '../cim/mof/kit.js';
import { describeIf } from '../support/parts.js';
import { sharedFolder } from '../support/shared.js';

const shared = sharedFolder();

function only(compiled: readonly CompiledNamespace[]): CompiledNamespace {
  const [namespace] = compiled;
  if (namespace === undefined) throw new Error('nothing was compiled');
  return namespace;
}

function compileDmtf(folder: string): CompiledNamespace {
  const archive = readFileSync(join(folder, 'data', 'dmtf', 'cim_schema_2.49.0Final-MOFs.zip'));
  return only(compileMofStrictly(createMapLoader(readZip(archive)), ['cim_schema_2.49.0.mof']).namespaces);
}

type Typed = Pick<CimParameter, 'name' | 'type' | 'isArray' | 'arraySize' | 'referenceClass' | 'embedded'>;

const typeOf = (element: Typed): string => `${describeType(element)} ${element.name} ${element.embedded ?? ''}`;

const mapsOf = (element: { readonly qualifiers: CimClass['qualifiers'] }): unknown[] =>
  ['ValueMap', 'Values', 'In', 'Out', 'Required', 'EmbeddedInstance', 'MaxLen'].map(
    // A parameter goes in unless it says otherwise.
    (name) => qualifierValue(element, name) ?? (name === 'In' ? true : null),
  );

/** How an element differs from what it should be. */
function differences(cls: CimClass, original: CimClass): string[] {
  const out: string[] = [];
  const same = (what: string, ours: unknown, theirs: unknown): void => {
    if (JSON.stringify(ours) !== JSON.stringify(theirs))
      out.push(`${cls.name} ${what}: ${JSON.stringify([ours, theirs])}`);
  };
  same('superclass', cls.superclass, original.superclass);
  for (const is of [isAbstract, isAssociation, isIndication]) same(is.name, is(cls), is(original));
  same('keys', keyProperties(cls).map(typeOf), keyProperties(original).map(typeOf));
  for (const property of cls.properties) {
    const theirs: CimPropertyDeclaration | undefined = findByName(original.properties, property.name);
    same(property.name, [typeOf(property), isKey(property)], theirs && [typeOf(theirs), isKey(theirs)]);
    same(`${property.name} values`, mapsOf(property), theirs && mapsOf(theirs));
  }
  for (const method of cls.methods) {
    const theirs: CimMethod | undefined = findByName(original.methods, method.name);
    same(`${method.name}()`, method.returnType, theirs?.returnType);
    same(`${method.name}()`, method.parameters.map(typeOf), theirs?.parameters.map(typeOf));
    same(`${method.name}() values`, mapsOf(method), theirs && mapsOf(theirs));
    same(`${method.name}() qualifiers`, method.parameters.map(mapsOf), theirs?.parameters.map(mapsOf));
  }
  return out;
}

describeIf(shared !== null, 'the published schema is not here')('the published CIM schema 2.49', () => {
  const dmtf = compileDmtf(shared ?? '');

  test('compiles as a whole', () => {
    expect(dmtf.classes).toHaveLength(1631);
    expect(dmtf.qualifierTypes).toHaveLength(70);
    expect(dmtf.classes.every(({ name }) => dmtf.schema.get(name) !== undefined)).toBe(true);
  });

  test('is the same after it was written and compiled again', () => {
    const text = writeMof(dmtf, { qualifierTypes: (name) => dmtf.schema.qualifierType(name) });
    const again = only(compileMofStrictly(createMapLoader(new Map([['all.mof', text]])), ['all.mof']).namespaces);
    expect(again.qualifierTypes).toEqual(dmtf.qualifierTypes);
    const byName = new Map(again.classes.map((cls) => [cls.name, cls]));
    expect(byName.size).toBe(dmtf.classes.length);
    for (const cls of dmtf.classes) expect(byName.get(cls.name)).toEqual(cls);
  });

  const ours = only(compileMofStrictly(shippedLoader, [verifierMofFile]).namespaces);

  test('holds every CIM class that we declare, with all that we declare of it', () => {
    const found = ours.classes
      .filter(({ name }) => name.startsWith('CIM_'))
      .flatMap(({ name }) => {
        const [cls, original] = [ours.schema.get(name), dmtf.schema.get(name)];
        if (cls === undefined || original === undefined) return [`${name} does not exist`];
        return differences(cls, original);
      });
    expect(found).toEqual([]);
  });

  test('has the qualifier types that we declare', () => {
    const byName = (types: CompiledNamespace['qualifierTypes']) => new Map(types.map((type) => [type.name, type]));
    expect(byName(ours.qualifierTypes)).toEqual(byName(dmtf.qualifierTypes));
  });
});
