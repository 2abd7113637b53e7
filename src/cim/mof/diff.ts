import {
  type CimClass,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  type CimQualifier,
  type CimQualifierType,
  type CimValue,
  findByName,
  foldName,
  sameName,
} from '../model/index.js';
import { describeType } from '../schema/index.js';
import { sameQualifierType, sameValue } from './merge.js';

/** Declarations of one namespace, as declared. */
export interface DeclaredSchema {
  readonly qualifierTypes: readonly CimQualifierType[];
  readonly classes: readonly CimClass[];
}

/** One way in which a schema differs from another. */
export interface SchemaDifference {
  readonly change: 'added' | 'removed' | 'changed';
  /** `Class`, `Class.Property`, `Class.Method()`, `Class.Method(Parameter)`, or the name of a qualifier type. */
  readonly element: string;
  /** What changed, as a sentence without its end; null where the element itself came or went. */
  readonly detail: string | null;
}

interface Named {
  readonly name: string;
}

type Report = (change: SchemaDifference['change'], element: string, detail?: string) => void;

function compareLists<T extends Named>(
  before: readonly T[],
  after: readonly T[],
  elementOf: (item: T) => string,
  report: Report,
  both: (before: T, after: T) => void,
): void {
  const rest = new Map(after.map((item) => [foldName(item.name), item]));
  for (const item of before) {
    const now = rest.get(foldName(item.name));
    rest.delete(foldName(item.name));
    if (now === undefined) report('removed', elementOf(item));
    else both(item, now);
  }
  for (const item of rest.values()) report('added', elementOf(item));
}

function own(qualifiers: readonly CimQualifier[]): readonly CimQualifier[] {
  return qualifiers.filter((qualifier) => !qualifier.propagated);
}

function compareQualifiers(
  before: readonly CimQualifier[],
  after: readonly CimQualifier[],
  element: string,
  report: Report,
): void {
  const words = { added: 'is added', removed: 'is removed', changed: 'has another value' } as const;
  const tell: Report = (change, name) => report('changed', element, `qualifier ${name} ${words[change]}`);
  compareLists(
    own(before),
    own(after),
    ({ name }) => name,
    tell,
    (was, is) => {
      if (was.type !== is.type || was.isArray !== is.isArray || !sameValue(was.value, is.value))
        tell('changed', is.name);
    },
  );
}

function compareTypes(
  before: CimParameter | CimPropertyDeclaration,
  after: CimParameter | CimPropertyDeclaration,
  element: string,
  report: Report,
): void {
  const was = describeType(before);
  const is = describeType(after);
  if (!sameName(was, is)) report('changed', element, `type ${was} becomes ${is}`);
}

function compareMethods(before: CimMethod, after: CimMethod, element: string, report: Report): void {
  if (before.returnType !== after.returnType) {
    report('changed', element, `returns ${after.returnType ?? 'nothing'}, not ${before.returnType ?? 'nothing'}`);
  }
  compareQualifiers(before.qualifiers, after.qualifiers, element, report);
  const elementOf = ({ name }: Named): string => `${element.slice(0, -2)}(${name})`;
  compareLists(before.parameters, after.parameters, elementOf, report, (was, is) => {
    compareTypes(was, is, elementOf(is), report);
    compareQualifiers(was.qualifiers, is.qualifiers, elementOf(is), report);
  });
}

/** The default of a property that a class declares, be it inherited from one that it overrides. */
type DefaultInForce = (cls: CimClass, property: CimPropertyDeclaration) => CimValue;

function defaultsOf(classes: readonly CimClass[]): DefaultInForce {
  const byName = new Map(classes.map((cls) => [foldName(cls.name), cls]));
  return (cls, property) => {
    const passed = new Set<CimClass>();
    for (let at: CimClass | undefined = cls; at !== undefined && !passed.has(at); ) {
      passed.add(at);
      const value = findByName(at.properties, property.name)?.defaultValue ?? null;
      if (value !== null) return value;
      at = at.superclass === null ? undefined : byName.get(foldName(at.superclass));
    }
    return null;
  };
}

interface Defaults {
  readonly before: DefaultInForce;
  readonly after: DefaultInForce;
}

function compareClasses(before: CimClass, after: CimClass, defaults: Defaults, report: Report): void {
  const { name } = after;
  if (!sameName(before.superclass ?? '', after.superclass ?? '')) {
    report('changed', name, `superclass ${before.superclass ?? 'none'} becomes ${after.superclass ?? 'none'}`);
  }
  compareQualifiers(before.qualifiers, after.qualifiers, name, report);
  const propertyOf = (property: Named): string => `${name}.${property.name}`;
  compareLists(before.properties, after.properties, propertyOf, report, (was, is) => {
    compareTypes(was, is, propertyOf(is), report);
    // A server shows a default where the declaration left it to the superclass.
    const same =
      sameValue(was.defaultValue, is.defaultValue) ||
      sameValue(defaults.before(before, was), defaults.after(after, is));
    if (!same) report('changed', propertyOf(is), 'default has another value');
    compareQualifiers(was.qualifiers, is.qualifiers, propertyOf(is), report);
  });
  const methodOf = (method: Named): string => `${name}.${method.name}()`;
  compareLists(before.methods, after.methods, methodOf, report, (was, is) =>
    compareMethods(was, is, methodOf(is), report),
  );
}

/** What `after` has otherwise than `before`; orders and spellings do not count. Total. */
export function diffSchemas(before: DeclaredSchema, after: DeclaredSchema): readonly SchemaDifference[] {
  const out: SchemaDifference[] = [];
  const report: Report = (change, element, detail) => void out.push({ change, element, detail: detail ?? null });
  compareLists(
    before.qualifierTypes,
    after.qualifierTypes,
    ({ name }) => name,
    report,
    (was, is) => {
      if (!sameQualifierType(was, is)) report('changed', is.name, 'the qualifier type is declared otherwise');
    },
  );
  const defaults = { before: defaultsOf(before.classes), after: defaultsOf(after.classes) };
  compareLists(
    before.classes,
    after.classes,
    ({ name }) => name,
    report,
    (was, is) => compareClasses(was, is, defaults, report),
  );
  return out;
}
