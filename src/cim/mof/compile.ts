import { type CimClass, type CimInstance, type CimQualifierType, foldName } from '../model/index.js';
import { CimError } from '../operations/index.js';
import {
  checkClass,
  checkQualifierType,
  ClassViolation,
  createMemorySource,
  createSchema,
  type MemorySource,
  type Schema,
  type SchemaSource,
} from '../schema/index.js';
import { bindQualifierType, ClassBinder } from './bind-class.js';
import { InstanceBinder, type InstanceContext } from './bind-instance.js';
import { type MofDiagnostic, MofError, type MofPosition, positionAt } from './diagnostic.js';
import type { MofSource, SourceLoader } from './source.js';
import type { MofClassDeclaration, MofInstanceDeclaration, MofLiteral, MofParameter } from './syntax.js';
import { type MofUnit, type Placed, UnitReader } from './unit.js';

export interface CompileOptions {
  /** Where declarations go before the first `#pragma namespace`. Default `root/cimv2`. */
  readonly namespace?: string;
  /** What a namespace holds already: superclasses, qualifier types and reference classes are found there too. */
  readonly existing?: (namespace: string) => SchemaSource | undefined;
  /** After so many errors the compiler stops. Default 100. */
  readonly mostErrors?: number;
}

/** What was compiled for one namespace. */
export interface CompiledNamespace {
  readonly name: string;
  readonly qualifierTypes: readonly CimQualifierType[];
  /** As declared, superclasses first. */
  readonly classes: readonly CimClass[];
  /** In the order of declaration. `path` is null where a key was left to the server. */
  readonly instances: readonly CimInstance[];
  /** The compiled classes over the existing ones. */
  readonly schema: Schema;
}

export interface MofCompilation {
  readonly namespaces: readonly CompiledNamespace[];
  readonly errors: readonly MofDiagnostic[];
  readonly warnings: readonly MofDiagnostic[];
  /** Every text that was read, in order. */
  readonly files: readonly string[];
  /** Where a compiled class, instance or qualifier type was declared; null for anything else. */
  locate(declaration: object): MofPosition | null;
}

/** Compiled classes over those that exist already. */
function layered(own: MemorySource, existing: SchemaSource | undefined): SchemaSource {
  if (existing === undefined) return own;
  return {
    find: (name) => own.find(name) ?? existing.find(name),
    *names() {
      yield* own.names();
      for (const name of existing.names()) if (own.find(name) === undefined) yield name;
    },
    qualifierType: (name) => own.qualifierType(name) ?? existing.qualifierType(name),
  };
}

/** A class that a declaration names, and where. */
interface NamedClass {
  readonly name: string;
  readonly at: number;
}

function collectNames(elements: readonly MofParameter[], out: NamedClass[]): void {
  for (const element of elements) {
    if (element.type.referenceClass !== null) out.push({ name: element.type.referenceClass, at: element.at });
    for (const qualifier of element.qualifiers) {
      if (typeof qualifier.value === 'string' && foldName(qualifier.name) === 'embeddedinstance') {
        out.push({ name: qualifier.value, at: qualifier.at });
      }
    }
  }
}

const namesOf = new WeakMap<MofClassDeclaration, readonly NamedClass[]>();

/** Superclass, reference classes and classes of embedded instances. */
function namedClasses(node: MofClassDeclaration): readonly NamedClass[] {
  let names = namesOf.get(node);
  if (names === undefined) {
    const found: NamedClass[] = node.superclass === null ? [] : [{ name: node.superclass, at: node.at }];
    collectNames(node.properties, found);
    for (const method of node.methods) collectNames(method.parameters, found);
    names = found;
    namesOf.set(node, names);
  }
  return names;
}

/** The class of an instance, and those of the instances that stand in its values. */
function* instanceClasses(node: MofInstanceDeclaration): Generator<string> {
  yield node.className;
  for (const { value } of node.properties) {
    const items: readonly MofLiteral[] = Array.isArray(value) ? (value as readonly MofLiteral[]) : [value];
    for (const item of items) {
      if (typeof item === 'object' && item !== null && 'kind' in item && item.kind === 'instance') {
        yield* instanceClasses(item);
      }
    }
  }
}

class Compilation {
  readonly reader: UnitReader;
  readonly #loader: SourceLoader;
  readonly #options: CompileOptions;
  readonly #places = new WeakMap<object, Placed<{ readonly at: number }>>();
  readonly #contexts = new Map<MofUnit, InstanceContext>();

  constructor(loader: SourceLoader, options: CompileOptions) {
    this.#loader = loader;
    this.#options = options;
    this.reader = new UnitReader(loader, options.mostErrors ?? 100);
  }

  run(files: readonly (string | MofSource)[]): MofCompilation {
    const { reader } = this;
    for (const file of files) {
      const source = typeof file === 'string' ? this.#loader.load(file, null) : file;
      if (source !== null) reader.read(source, reader.unit(this.#options.namespace ?? 'root/cimv2'));
      else if (typeof file === 'string') {
        reader.errors.add('error', { name: file, text: '' }, 0, 'the file was not found');
      }
    }
    for (const unit of reader.units.values()) this.#findMissing(unit);
    const classes = new Map([...reader.units.values()].map((unit) => [unit, this.#classes(unit)]));
    const namespaces = [...classes].map(([unit, compiled]) => ({ ...compiled, instances: this.#instances(unit) }));
    return {
      namespaces,
      errors: reader.errors.items,
      warnings: reader.warnings.items,
      files: reader.files,
      locate: (declaration) => {
        const placed = this.#places.get(declaration);
        return placed === undefined ? null : positionAt(placed.source, placed.node.at);
      },
    };
  }

  /** Superclasses and other named classes that no text declared are looked for on the search path. */
  #findMissing(unit: MofUnit): void {
    const existing = this.#options.existing?.(unit.namespace);
    const searched = new Set<string>();
    const need = (name: string): void => {
      const folded = foldName(name);
      if (unit.classes.has(folded) || searched.has(folded)) return;
      searched.add(folded);
      if (existing?.find(name) !== undefined) return;
      const found = this.#loader.findClass(name);
      if (found !== null) this.reader.read(found, unit);
    };
    for (const { node } of unit.instances) for (const name of instanceClasses(node)) need(name);
    // Classes found on the way are added to the map while it is walked, so they are visited too.
    for (const { node } of unit.classes.values()) for (const { name } of namedClasses(node)) need(name);
  }

  #classes(unit: MofUnit): Omit<CompiledNamespace, 'instances'> {
    const own = createMemorySource();
    const source = layered(own, this.#options.existing?.(unit.namespace));
    const schema = createSchema(source);
    const qualifierTypes = this.#qualifierTypes(unit, own);
    const binder = new ClassBinder(source.qualifierType, null);
    this.#contexts.set(unit, { namespace: unit.namespace, schema, binder });
    for (const placed of unit.classes.values()) {
      const cls = binder.bind(placed.node, (offset, message) => this.#error(placed.source, offset, message));
      this.#places.set(cls, placed);
      own.set(cls);
    }
    const classes: CimClass[] = [];
    const visited = new Map<string, 'open' | 'done'>();
    for (const placed of unit.classes.values()) this.#order(placed, unit, own, visited, classes);
    if (this.reader.errors.empty) for (const cls of classes) this.#check(cls, unit, schema);
    return { name: unit.namespace, qualifierTypes, classes, schema };
  }

  #qualifierTypes(unit: MofUnit, own: MemorySource): CimQualifierType[] {
    const out: CimQualifierType[] = [];
    for (const placed of unit.qualifierTypes.values()) {
      const report = (offset: number, message: string): void => this.#error(placed.source, offset, message);
      const type = bindQualifierType(placed.node, report);
      if (type === null) continue;
      try {
        checkQualifierType(type);
      } catch (cause) {
        if (!(cause instanceof CimError)) throw cause;
        report(placed.node.at, cause.description);
        continue;
      }
      this.#places.set(type, placed);
      own.setQualifierType(type);
      out.push(type);
    }
    return out;
  }

  /** Superclasses first, whatever the order in the texts. */
  #order(
    placed: Placed<MofClassDeclaration>,
    unit: MofUnit,
    own: MemorySource,
    visited: Map<string, 'open' | 'done'>,
    out: CimClass[],
  ): void {
    const chain: Placed<MofClassDeclaration>[] = [];
    let next: Placed<MofClassDeclaration> | undefined = placed;
    while (next !== undefined && !visited.has(foldName(next.node.name))) {
      visited.set(foldName(next.node.name), 'open');
      chain.push(next);
      next = next.node.superclass === null ? undefined : unit.classes.get(foldName(next.node.superclass));
    }
    if (next !== undefined && visited.get(foldName(next.node.name)) === 'open') {
      this.#error(next.source, next.node.at, `class ${next.node.name} is derived from itself`);
    }
    for (const { node } of chain.reverse()) {
      visited.set(foldName(node.name), 'done');
      out.push(own.find(node.name) as CimClass);
    }
  }

  #check(cls: CimClass, unit: MofUnit, schema: Schema): void {
    const placed = unit.classes.get(foldName(cls.name)) as Placed<MofClassDeclaration>;
    let missing = false;
    for (const { name, at } of namedClasses(placed.node)) {
      if (schema.superclassOf(name) !== undefined) continue;
      missing = true;
      this.#error(placed.source, at, `class ${name} is not declared, nor found on the search path`);
    }
    if (missing) return;
    try {
      checkClass(schema, cls.name);
    } catch (cause) {
      if (!(cause instanceof CimError)) throw cause;
      const at = cause instanceof ClassViolation ? placeOf(placed.node, cause) : placed.node.at;
      this.#error(placed.source, at, cause.description);
    }
  }

  #instances(unit: MofUnit): CimInstance[] {
    if (!this.reader.errors.empty) return [];
    const context = this.#contexts.get(unit) as InstanceContext;
    const out: CimInstance[] = [];
    for (const placed of unit.instances) {
      const binder = new InstanceBinder(
        context,
        placed.aliases,
        (target) => this.#contexts.get(target.unit) as InstanceContext,
        (offset, message) => this.#error(placed.source, offset, message),
      );
      const instance = binder.bind(placed.node);
      if (instance === null) continue;
      this.#places.set(instance, placed);
      out.push(instance);
    }
    return out;
  }

  #error(source: MofSource, offset: number, message: string): void {
    this.reader.errors.add('error', source, offset, message);
  }
}

/** The offset of the element that a violation names. */
function placeOf(node: MofClassDeclaration, violation: ClassViolation): number {
  const [, member, parameter] = /^[^.]*(?:\.([^(]*)(?:\((.*)\))?)?$/.exec(violation.place) ?? [];
  let element: { readonly at: number; readonly qualifiers: MofClassDeclaration['qualifiers'] } = node;
  if (member !== undefined) {
    const method = node.methods.find(({ name }) => name === member);
    const inMethod = method?.parameters.find(({ name }) => name === parameter);
    element = inMethod ?? method ?? node.properties.find(({ name }) => name === member) ?? node;
  }
  const { qualifier } = violation;
  const own =
    qualifier === null ? undefined : element.qualifiers.findLast(({ name }) => foldName(name) === foldName(qualifier));
  return own?.at ?? element.at;
}

/**
 * Compiles MOF (DSP0004). Whatever the order of files and declarations: superclasses, reference classes, qualifier types and
 * aliases are resolved over all of them, and classes that nobody declared are looked for on the loader's search path.
 * Errors do not throw: they are in the result, several from one run; with errors do not load the rest.
 *
 * @param files names for the loader, or texts
 */
export function compileMof(
  loader: SourceLoader,
  files: readonly (string | MofSource)[],
  options: CompileOptions = {},
): MofCompilation {
  return new Compilation(loader, options).run(files);
}

/** As {@link compileMof}, for MOF that must be right. @throws MofError `bad_mof` with every diagnostic */
export function compileMofStrictly(
  loader: SourceLoader,
  files: readonly (string | MofSource)[],
  options: CompileOptions = {},
): MofCompilation {
  const compilation = compileMof(loader, files, options);
  if (compilation.errors.length > 0) throw new MofError(compilation.errors);
  return compilation;
}
