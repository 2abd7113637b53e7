import {
  type CimClass,
  type CimClassPath,
  CimDateTime,
  CimInstance,
  type CimInstancePath,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  type CimQualifier,
  type CimScalar,
  type CimValue,
  foldName,
  instanceIdentity,
  isCimArray,
  sameName,
} from '../model/index.js';
import { describeType } from '../schema/index.js';
import { formatObjectPath } from '../uri/index.js';
import { valueText } from './text.js';

/** One thing that two objects do not have alike. */
export interface CimDifference {
  /** What it is about: `class`, `path`, `Size`, `Size [Description]`, `Start()`, `Start(Mode)`, `superclass` … */
  readonly at: string;
  /** What the first object has there, as text; null: nothing. */
  readonly left: string | null;
  /** The same of the second. */
  readonly right: string | null;
}

function samePlace(a: CimInstancePath | CimClassPath, b: CimInstancePath | CimClassPath): boolean {
  return sameName(a.namespace ?? '', b.namespace ?? '') && sameName(a.host ?? '', b.host ?? '');
}

function sameScalar(a: CimScalar | null, b: CimScalar | null): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  switch (a.kind) {
    case 'datetime':
      return b instanceof CimDateTime && a.text === b.text;
    case 'instance-path':
      return b.kind === 'instance-path' && samePlace(a, b) && instanceIdentity(a) === instanceIdentity(b);
    case 'class-path':
      return b.kind === 'class-path' && samePlace(a, b) && sameName(a.className, b.className);
    case 'instance':
      return b.kind === 'instance' && sameInstance(a, b);
    case 'class':
      return b.kind === 'class' && differences(a, b).length === 0;
  }
}

/**
 * Whether two values are equal: arrays item by item and in order, datetimes by their 25 characters, paths by class, keys and
 * place, embedded objects by what is in them. NULL equals NULL alone; a real that is not a number equals itself.
 */
export function sameValue(a: CimValue, b: CimValue): boolean {
  if (!isCimArray(a)) return !isCimArray(b) && sameScalar(a, b);
  return isCimArray(b) && a.length === b.length && a.every((item, at) => sameScalar(item, b[at] ?? null));
}

/** Whether two instances say the same: class, path, types and values, whatever the order and spelling of names. */
export function sameInstance(a: CimInstance, b: CimInstance): boolean {
  return a === b || differences(a, b).length === 0;
}

/** Collects differences. */
class Comparison {
  readonly found: CimDifference[] = [];

  text(at: string, left: string | null, right: string | null, same: boolean = left === right): void {
    if (!same) this.found.push({ at, left, right });
  }

  name(at: string, left: string | null, right: string | null): void {
    this.text(at, left, right, left === null || right === null ? left === right : sameName(left, right));
  }

  value(at: string, left: CimValue, right: CimValue): void {
    if (sameValue(left, right)) return;
    if (left instanceof CimInstance && right instanceof CimInstance) {
      for (const inner of differences(left, right)) this.found.push({ ...inner, at: `${at}.${inner.at}` });
      return;
    }
    this.text(at, valueText(left), valueText(right), false);
  }

  /** Elements by name: first those of the left side in its order, then what only the right side has. */
  elements<T extends { readonly name: string }>(
    left: readonly T[],
    right: readonly T[],
    at: (element: T) => string,
    show: (element: T) => string,
    both: (a: T, b: T) => void,
  ): void {
    const rest = new Map(right.map((element) => [foldName(element.name), element]));
    for (const element of left) {
      const key = foldName(element.name);
      const other = rest.get(key);
      rest.delete(key);
      if (other === undefined) this.text(at(element), show(element), null);
      else both(element, other);
    }
    for (const element of rest.values()) this.text(at(element), null, show(element));
  }
}

function pathText(path: CimInstancePath | null): string | null {
  return path === null ? null : formatObjectPath(path);
}

function compareInstances(to: Comparison, a: CimInstance, b: CimInstance): void {
  to.name('class', a.className, b.className);
  const samePaths = a.path === null || b.path === null ? a.path === b.path : sameValue(a.path, b.path);
  to.text('path', pathText(a.path), pathText(b.path), samePaths);
  to.elements(
    a.properties(),
    b.properties(),
    ({ name }) => name,
    ({ value }) => valueText(value),
    (x, y) => {
      to.text(`${x.name} type`, describeType(x), describeType(y));
      to.value(x.name, x.value, y.value);
    },
  );
}

function compareQualifiers(
  to: Comparison,
  owner: string,
  a: readonly CimQualifier[],
  b: readonly CimQualifier[],
): void {
  to.elements(
    a,
    b,
    ({ name }) => `${owner} [${name}]`,
    ({ value }) => valueText(value),
    (x, y) => {
      const at = `${owner} [${x.name}]`;
      to.text(`${at} type`, describeType(x), describeType(y));
      to.value(at, x.value, y.value);
    },
  );
}

function typeText(element: CimPropertyDeclaration | CimParameter): string {
  const { arraySize } = element;
  return arraySize === null ? describeType(element) : describeType(element).replace('[]', `[${arraySize}]`);
}

function sameType(a: CimPropertyDeclaration | CimParameter, b: CimPropertyDeclaration | CimParameter): boolean {
  return (
    a.type === b.type &&
    a.isArray === b.isArray &&
    a.arraySize === b.arraySize &&
    a.embedded === b.embedded &&
    sameName(a.referenceClass ?? '', b.referenceClass ?? '')
  );
}

function compareMethods(to: Comparison, a: CimMethod, b: CimMethod): void {
  to.text(`${a.name}() type`, a.returnType, b.returnType);
  compareQualifiers(to, `${a.name}()`, a.qualifiers, b.qualifiers);
  const at = (parameter: CimParameter): string => `${a.name}(${parameter.name})`;
  to.elements(a.parameters, b.parameters, at, typeText, (x, y) => {
    to.text(`${at(x)} type`, typeText(x), typeText(y), sameType(x, y));
    compareQualifiers(to, at(x), x.qualifiers, y.qualifiers);
  });
}

function compareClasses(to: Comparison, a: CimClass, b: CimClass): void {
  to.name('class', a.name, b.name);
  to.name('superclass', a.superclass, b.superclass);
  compareQualifiers(to, 'class', a.qualifiers, b.qualifiers);
  to.elements(
    a.properties,
    b.properties,
    ({ name }) => name,
    typeText,
    (x, y) => {
      to.text(`${x.name} type`, typeText(x), typeText(y), sameType(x, y));
      to.value(`${x.name} default`, x.defaultValue, y.defaultValue);
      compareQualifiers(to, x.name, x.qualifiers, y.qualifiers);
    },
  );
  to.elements(
    a.methods,
    b.methods,
    ({ name }) => `${name}()`,
    ({ returnType }) => returnType,
    (x, y) => compareMethods(to, x, y),
  );
}

/**
 * What two instances, or two classes, do not have alike; empty where they are equal. Names count without case, and the order
 * of properties, methods and qualifiers does not count. Where a qualifier or property comes from (`propagated`,
 * `classOrigin`) and flavors do not count. Embedded instances are compared property by property: `Part.Size`.
 */
export function differences(a: CimInstance, b: CimInstance): readonly CimDifference[];
export function differences(a: CimClass, b: CimClass): readonly CimDifference[];
export function differences(a: CimInstance | CimClass, b: CimInstance | CimClass): readonly CimDifference[] {
  const to = new Comparison();
  if (a.kind === 'instance' && b.kind === 'instance') compareInstances(to, a, b);
  else if (a.kind === 'class' && b.kind === 'class') compareClasses(to, a, b);
  else to.text('kind', a.kind, b.kind);
  return to.found;
}

/** One line for people: `Size: 5 → 6`, `Size: 5 → nothing`. */
export function formatDifference({ at, left, right }: CimDifference): string {
  return `${at}: ${left ?? 'nothing'} → ${right ?? 'nothing'}`;
}
