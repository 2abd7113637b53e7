import {
  type CimClass,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  findByName,
  foldName,
  hasQualifier,
  qualifierValue,
} from '../model/index.js';
import { valueMapOf } from '../schema/index.js';

const scalarTypes: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  string: 'string',
  char16: 'string',
  uint64: 'bigint',
  sint64: 'bigint',
  datetime: 'CimDateTime',
  reference: 'CimObjectPath',
};

type Typed = Pick<CimParameter, 'type' | 'isArray' | 'embedded'>;

function typeOf(element: Typed): string {
  const base =
    element.embedded === 'instance'
      ? 'CimInstance'
      : element.embedded === 'object'
        ? 'CimInstance | CimClass'
        : (scalarTypes[element.type] ?? 'number');
  return element.isArray ? `readonly (${base} | null)[] | null` : `${base} | null`;
}

function comment(element: Pick<CimClass, 'qualifiers'>, indent: string): string {
  const text = qualifierValue(element, 'Description');
  if (typeof text !== 'string' || text === '') return '';
  const words = text.replace(/\*\//g, '* /').split(/\s+/);
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && line.length + word.length > 100) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  lines.push(line);
  if (lines.length === 1) return `${indent}/** ${line} */\n`;
  return `${indent}/**\n${lines.map((part) => `${indent} * ${part}\n`).join('')}${indent} */\n`;
}

function identifier(text: string): string {
  const words = text.match(/[A-Za-z0-9]+/g) ?? [];
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^[A-Za-z]/.test(joined) ? joined : `Value${joined}`;
}

/** `export const CIM_Foo_State = { Enabled: 2, … } as const`, for single values; nothing where there are none. */
function writeValues(name: string, element: Parameters<typeof valueMapOf>[0]): string {
  const entries: string[] = [];
  const seen = new Set<string>();
  const mapping = valueMapOf(element);
  for (const { text } of mapping?.entries ?? []) {
    const value = mapping?.valueOf(text);
    const key = identifier(text);
    if (value === undefined || seen.has(key)) continue;
    seen.add(key);
    const wide = typeof value === 'bigint' && (element.type === 'uint64' || element.type === 'sint64');
    entries.push(`  ${key}: ${typeof value === 'string' ? JSON.stringify(value) : `${value}${wide ? 'n' : ''}`},\n`);
  }
  return entries.length === 0 ? '' : `export const ${name} = {\n${entries.join('')}} as const;\n\n`;
}

function writeMethod(cls: CimClass, method: CimMethod): string {
  const goesIn = (parameter: CimParameter): boolean => qualifierValue(parameter, 'In') !== false;
  // A parameter of that name would stand in the way of the method's result.
  const comesOut = ({ name, qualifiers }: CimParameter): boolean =>
    hasQualifier({ qualifiers }, 'Out') && name !== 'returnValue';
  const line = (parameter: CimParameter): string => {
    const optional = goesIn(parameter) && !hasQualifier(parameter, 'Required') ? '?' : '';
    return `${comment(parameter, '  ')}  readonly ${parameter.name}${optional}: ${typeOf(parameter)};\n`;
  };
  const name = `${cls.name}_${method.name}`;
  const returned = typeOf({ type: method.returnType, isArray: false, embedded: null });
  const given = method.parameters.filter(goesIn);
  const input =
    given.length === 0
      ? `export type ${name}_In = Record<string, never>;\n\n`
      : `export interface ${name}_In {\n${given.map(line).join('')}}\n\n`;
  return (
    `${comment(method, '')}${input}` +
    `export interface ${name}_Out {\n  readonly returnValue: ${returned};\n` +
    `${method.parameters
      .filter(comesOut)
      .map((parameter) => `  readonly ${parameter.name}?: ${typeOf(parameter)};\n`)
      .join('')}}\n\n`
  );
}

/** The row of a class in `CimMethods`: what it inherits, with its own methods instead. */
function methodsRow(cls: CimClass, inherits: boolean): string {
  const mine = cls.methods.filter((method) => !inherits || !method.propagated);
  const lines = mine.map(
    ({ name }) => `    readonly ${name}: { in: ${cls.name}_${name}_In; out: ${cls.name}_${name}_Out };\n`,
  );
  const own = mine.length === 0 ? '{}' : `{\n${lines.join('')}  }`;
  if (!inherits) return `  readonly ${cls.name}: ${own};\n`;
  const inherited = `CimMethods['${cls.superclass ?? ''}']`;
  if (mine.length === 0) return `  readonly ${cls.name}: ${inherited};\n`;
  const names = mine.map(({ name }) => `'${name}'`).join(' | ');
  return `  readonly ${cls.name}: Omit<${inherited}, ${names}> & ${own};\n`;
}

/** What an interface extends: without the properties that the class makes something else (a string an embedded object). */
function baseOf(superclass: CimClass, mine: readonly CimPropertyDeclaration[]): string {
  const other = mine.filter((property) => {
    const inherited = findByName(superclass.properties, property.name);
    return inherited !== undefined && typeOf(inherited) !== typeOf(property);
  });
  if (other.length === 0) return superclass.name;
  return `Omit<${superclass.name}, ${other.map(({ name }) => `'${name}'`).join(' | ')}>`;
}

function writeClass(cls: CimClass, known: ReadonlyMap<string, CimClass>): string {
  const superclass = cls.superclass === null ? undefined : known.get(foldName(cls.superclass));
  const inherits = superclass !== undefined;
  const mine = cls.properties.filter((property) => !inherits || !property.propagated);
  const methods = cls.methods.filter((method) => !inherits || !method.propagated);
  const values = [
    ...mine.map((property) => writeValues(`${cls.name}_${property.name}`, property)),
    ...methods.map((method) => writeValues(`${cls.name}_${method.name}_Result`, method)),
  ];
  const properties = mine.map(
    (property) => `${comment(property, '  ')}  readonly ${property.name}: ${typeOf(property)};\n`,
  );
  return (
    `${values.join('')}${comment(cls, '')}export interface ${cls.name}${inherits ? ` extends ${baseOf(superclass, mine)}` : ''} {\n` +
    `${properties.join('')}}\n\n${methods.map((method) => writeMethod(cls, method)).join('')}`
  );
}

/**
 * TypeScript declarations for classes: an interface for each, extending its superclass where that is among them, constants
 * for value maps, interfaces for the parameters of methods, and two tables: `CimClasses` finds an interface by class name,
 * `CimMethods` the parameters by class and method. A client that is typed with both is `typedClient` of the package `tvdc`.
 *
 * @param classes resolved
 * @param source module from which the types of the model are imported
 */
export function writeTypeScriptTypes(classes: readonly CimClass[], source = 'tvdc/cim'): string {
  const known = new Map(classes.map((cls) => [foldName(cls.name), cls]));
  const body = classes.map((cls) => writeClass(cls, known)).join('');
  const used = ['CimClass', 'CimDateTime', 'CimInstance', 'CimObjectPath'].filter((name) =>
    new RegExp(`\\b${name}\\b`).test(body),
  );
  const imports = used.length === 0 ? '' : `import type { ${used.join(', ')} } from '${source}';\n\n`;
  const table = classes.map((cls) => `  readonly ${cls.name}: ${cls.name};\n`).join('');
  const methods = classes
    .map((cls) => methodsRow(cls, cls.superclass !== null && known.has(foldName(cls.superclass))))
    .join('');
  return (
    `${imports}${body}/** Every class by its name. */\nexport interface CimClasses {\n${table}}\n\n` +
    `/** Parameters and results of every method, by class and name. */\nexport interface CimMethods {\n${methods}}\n`
  );
}
