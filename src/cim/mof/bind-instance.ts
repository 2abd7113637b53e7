import {
  type CimClass,
  CimInstance,
  type CimInstancePath,
  type CimScalar,
  type CimValue,
  createClassPath,
  foldName,
  isCimArray,
  isKey,
  pathFromValues,
  type PropertyShape,
  qualifierValue,
  relocate,
  shapeOf,
} from '../model/index.js';
import { CimError } from '../operations/index.js';
import { checkInstance, normalizePath, type Schema } from '../schema/index.js';
import { bindValue, type Surroundings } from './bind-value.js';
import type { ClassBinder, FaultReport } from './bind-class.js';
import { MofFault } from './diagnostic.js';
import { parseMof } from './parser.js';
import type { MofAlias, MofClassDeclaration, MofInstanceDeclaration, MofLiteral } from './syntax.js';
import type { AliasScope, AliasTarget } from './unit.js';

/** What binding instances needs of one namespace. */
export interface InstanceContext {
  readonly namespace: string;
  readonly schema: Schema;
  readonly binder: ClassBinder;
}

/** Finds the context of the namespace in which an alias was declared. */
export type ContextOf = (target: AliasTarget) => InstanceContext;

const deepestAlias = 64;
/** Instances that stand in the values and keys of one, by aliases over and over. */
const mostWithin = 10_000;

/** Makes instances of the model from declarations; aliases may be declared later. */
export class InstanceBinder implements Surroundings {
  readonly #context: InstanceContext;
  readonly #aliases: AliasScope;
  readonly #contextOf: ContextOf;
  readonly #report: FaultReport;
  readonly #depth: number;
  readonly #budget: { left: number };

  constructor(
    context: InstanceContext,
    aliases: AliasScope,
    contextOf: ContextOf,
    report: FaultReport,
    depth = 0,
    budget = { left: mostWithin },
  ) {
    this.#context = context;
    this.#aliases = aliases;
    this.#contextOf = contextOf;
    this.#report = report;
    this.#depth = depth;
    this.#budget = budget;
  }

  /** The instance, checked as for CreateInstance; null where a fault was reported. */
  bind(declaration: MofInstanceDeclaration): CimInstance | null {
    try {
      const { cls, values } = this.#values(declaration);
      const bound = new CimInstance(shapeOf(cls), values, null);
      return checkInstance(this.#context.schema, cls, bound, 'create', { keysOptional: true });
    } catch (fault) {
      if (fault instanceof MofFault) this.#report(fault.offset, fault.message);
      else if (fault instanceof CimError) this.#report(declaration.at, fault.description);
      else throw fault;
      return null;
    }
  }

  reference(alias: MofAlias): CimScalar {
    const target = this.#find(alias);
    const context = this.#contextOf(target);
    const namespace = context === this.#context ? null : context.namespace;
    const { node } = target.placed;
    if (node.kind === 'class') return createClassPath(node.name, { namespace });
    const path = this.#behind(context, alias, (binder) => binder.#pathOf(node));
    if (path === null) {
      throw new MofFault(`$${alias.name} has no keys yet: give them, so that it can be referred to`, alias.at);
    }
    return relocate(path, { namespace });
  }

  embeddedAlias(alias: MofAlias): CimInstance | CimClass {
    const target = this.#find(alias);
    const context = this.#contextOf(target);
    const { node } = target.placed;
    if (node.kind === 'class') {
      const cls = context.schema.get(node.name);
      if (cls === undefined) throw new MofFault(`class ${node.name} could not be resolved`, alias.at);
      return cls;
    }
    return this.#behind(context, alias, (binder) => binder.embeddedInstance(node));
  }

  embeddedInstance(declaration: MofInstanceDeclaration): CimInstance {
    this.#spend(declaration);
    const { cls, values } = this.#values(declaration);
    return new CimInstance(shapeOf(cls), values, null);
  }

  embeddedText(text: string, at: number): CimInstance | CimClass {
    const place = (fault: MofFault): MofFault => new MofFault(`in the embedded object: ${fault.message}`, at);
    const declarations = [
      ...parseMof(text, (fault) => {
        throw place(fault);
      }),
    ];
    const [first, second] = declarations;
    if (first === undefined || second !== undefined || (first.kind !== 'instance' && first.kind !== 'class')) {
      throw new MofFault('an embedded object is the text of one instance or class', at);
    }
    try {
      return first.kind === 'instance' ? this.embeddedInstance(first) : this.#embeddedClass(first, at);
    } catch (fault) {
      throw fault instanceof MofFault ? place(fault) : fault;
    }
  }

  #embeddedClass(declaration: MofClassDeclaration, at: number): CimClass {
    return this.#context.binder.bind(declaration, (_offset, message) => {
      throw new MofFault(message, at);
    });
  }

  #find(alias: MofAlias): AliasTarget {
    const target = this.#aliases.get(foldName(alias.name));
    if (target === undefined) throw new MofFault(`alias $${alias.name} is not declared`, alias.at);
    return target;
  }

  /** What an alias stands for, made within its own surroundings; a fault there is told at the alias: its text may be another. */
  #behind<T>(context: InstanceContext, alias: MofAlias, make: (binder: InstanceBinder) => T): T {
    if (this.#depth >= deepestAlias) throw new MofFault(`$${alias.name} refers to itself`, alias.at);
    const depth = this.#depth + 1;
    const binder = new InstanceBinder(context, this.#aliases, this.#contextOf, this.#report, depth, this.#budget);
    try {
      return make(binder);
    } catch (fault) {
      if (!(fault instanceof MofFault) || this.#depth > 0) throw fault;
      throw new MofFault(`$${alias.name}: ${fault.message}`, alias.at);
    }
  }

  #spend(declaration: MofInstanceDeclaration): void {
    if (this.#budget.left-- > 0) return;
    throw new MofFault(`more than ${mostWithin} instances stand in one`, declaration.at);
  }

  #classOf(declaration: MofInstanceDeclaration): CimClass {
    const cls = this.#context.schema.get(declaration.className);
    if (cls === undefined) throw new MofFault(`class ${declaration.className} does not exist`, declaration.at);
    return cls;
  }

  #pathOf(declaration: MofInstanceDeclaration): CimInstancePath | null {
    this.#spend(declaration);
    const cls = this.#classOf(declaration);
    const { values } = this.#values(declaration, isKey);
    return pathFromValues(shapeOf(cls), values);
  }

  #values(
    declaration: MofInstanceDeclaration,
    wanted: (property: CimClass['properties'][number]) => boolean = () => true,
  ): { readonly cls: CimClass; readonly values: readonly (CimValue | undefined)[] } {
    const cls = this.#classOf(declaration);
    const shape = shapeOf(cls);
    const values: (CimValue | undefined)[] = cls.properties.map((property) =>
      wanted(property) ? property.defaultValue : undefined,
    );
    const given = new Set<number>();
    for (const { name, value, at, valueAt } of declaration.properties) {
      const place = shape.indexOf(name);
      if (place < 0) throw new MofFault(`${cls.name} has no property ${name}`, at);
      if (given.has(place)) throw new MofFault(`${name} has a value already`, at);
      given.add(place);
      const property = cls.properties[place] as CimClass['properties'][number];
      if (wanted(property))
        values[place] = this.#value(property, shape.properties[place] as PropertyShape, value, valueAt);
    }
    return { cls, values };
  }

  /** Keys of a path that was written as text, in the types of its class. */
  #typedPath(value: CimValue): CimValue {
    if (value === null || typeof value !== 'object' || isCimArray(value) || value.kind !== 'instance-path')
      return value;
    const { schema } = this.#context;
    const cls = schema.get(value.className);
    return cls === undefined ? value : normalizePath(cls, value, schema);
  }

  #value(property: CimClass['properties'][number], shape: PropertyShape, literal: MofLiteral, at: number): CimValue {
    try {
      return this.#typedPath(bindValue(shape, literal, this, at));
    } catch (fault) {
      if (!(fault instanceof MofFault)) throw fault;
      const embedded = qualifierValue(property, 'EmbeddedInstance');
      const hint = typeof embedded === 'string' ? ` (an instance of ${embedded})` : '';
      throw new MofFault(`${property.name}: ${fault.message}${hint}`, fault.offset);
    }
  }
}
