import { foldName } from '../model/index.js';
import { createDiagnostic, type MofDiagnostic } from './diagnostic.js';
import { parseMof } from './parser.js';
import type { MofSource, SourceLoader } from './source.js';
import type {
  MofClassDeclaration,
  MofDeclaration,
  MofInstanceDeclaration,
  MofPragma,
  MofQualifierTypeDeclaration,
} from './syntax.js';

/** A declaration and the text it stands in. */
export interface Placed<T> {
  readonly node: T;
  readonly source: MofSource;
}

/** An instance or class that has an alias. */
export interface AliasTarget {
  readonly unit: MofUnit;
  readonly placed: Placed<MofInstanceDeclaration | MofClassDeclaration>;
}

/** Aliases are known in the file named by the caller and in all that it includes. */
export type AliasScope = Map<string, AliasTarget>;

export interface PlacedInstance extends Placed<MofInstanceDeclaration> {
  readonly aliases: AliasScope;
}

/** What the texts declare for one namespace, before anything is resolved. */
export class MofUnit {
  readonly namespace: string;
  readonly qualifierTypes = new Map<string, Placed<MofQualifierTypeDeclaration>>();
  readonly classes = new Map<string, Placed<MofClassDeclaration>>();
  readonly instances: PlacedInstance[] = [];
  readonly read = new Set<string>();

  constructor(namespace: string) {
    this.namespace = namespace;
  }
}

/** Collects faults with their places, up to a number. */
export class DiagnosticList {
  readonly #items: MofDiagnostic[] = [];
  readonly #most: number;
  readonly #files: readonly string[];

  /** @param files names of the files in the order in which they were read, as they are read */
  constructor(most: number, files: readonly string[]) {
    this.#most = most;
    this.#files = files;
  }

  /** File by file in the order in which they were read, each from its beginning to its end. */
  get items(): readonly MofDiagnostic[] {
    const files = new Map(this.#files.map((file, at) => [file, at]));
    const rank = ({ file }: MofDiagnostic): number => files.get(file) ?? -1;
    return [...this.#items].sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
  }

  get empty(): boolean {
    return this.#items.length === 0;
  }

  get full(): boolean {
    return this.#items.length >= this.#most;
  }

  add(severity: MofDiagnostic['severity'], source: MofSource, offset: number, message: string): void {
    if (!this.full) this.#items.push(createDiagnostic(severity, source, offset, message));
  }
}

const deepestInclude = 100;
const silentPragmas: ReadonlySet<string> = new Set(['locale', 'instancelocale', 'source', 'nonlocal', 'nonlocaltype']);
const foreignNamespace = /^(?:[A-Za-z][A-Za-z0-9+.-]*:)?\/\//;

interface Reading {
  readonly aliases: AliasScope;
  readonly depth: number;
}

/** Reads texts and what they include, and sorts the declarations by namespace. */
export class UnitReader {
  readonly units = new Map<string, MofUnit>();
  readonly errors: DiagnosticList;
  readonly warnings: DiagnosticList;
  readonly files: string[] = [];
  readonly #loader: SourceLoader;
  readonly #names = new Map<string, string>();

  constructor(loader: SourceLoader, mostFaults: number) {
    this.#loader = loader;
    this.errors = new DiagnosticList(mostFaults, this.files);
    this.warnings = new DiagnosticList(mostFaults, this.files);
  }

  unit(namespace: string): MofUnit {
    const folded = foldName(namespace);
    let unit = this.units.get(folded);
    if (unit === undefined) {
      unit = new MofUnit(namespace);
      this.units.set(folded, unit);
    }
    return unit;
  }

  read(source: MofSource, unit: MofUnit, reading: Reading = { aliases: new Map(), depth: 0 }): void {
    if (unit.read.has(source.name) || this.errors.full) return;
    unit.read.add(source.name);
    this.files.push(source.name);
    if (source.fault !== undefined) {
      this.errors.add('error', source, source.fault.offset, source.fault.message);
      return;
    }
    let current = unit;
    const declarations = parseMof(
      source.text,
      (fault) => this.errors.add('error', source, fault.offset, fault.message),
      this.#names,
    );
    for (const declaration of declarations) {
      if (this.errors.full) return;
      if (declaration.kind === 'pragma') current = this.#pragma(declaration, source, current, reading);
      else this.#declare(declaration, source, current, reading);
    }
  }

  #pragma(pragma: MofPragma, source: MofSource, unit: MofUnit, reading: Reading): MofUnit {
    switch (pragma.name) {
      case 'include':
        this.#include(pragma, source, unit, reading);
        return unit;
      case 'namespace':
        return this.#namespace(pragma, source, unit);
      default:
        if (!silentPragmas.has(pragma.name)) {
          this.warnings.add('warning', source, pragma.at, `pragma ${pragma.name} is unknown and was ignored`);
        }
        return unit;
    }
  }

  #include(pragma: MofPragma, source: MofSource, unit: MofUnit, reading: Reading): void {
    if (pragma.parameter === null) {
      this.errors.add('error', source, pragma.at, 'pragma include needs a file name');
      return;
    }
    if (reading.depth >= deepestInclude) {
      this.errors.add('error', source, pragma.at, 'files include each other too deep');
      return;
    }
    const included = this.#loader.load(pragma.parameter, source);
    if (included === null) {
      this.errors.add('error', source, pragma.at, `file ${pragma.parameter} was not found`);
      return;
    }
    this.read(included, unit, { aliases: reading.aliases, depth: reading.depth + 1 });
  }

  #namespace(pragma: MofPragma, source: MofSource, unit: MofUnit): MofUnit {
    const text = pragma.parameter ?? '';
    if (foreignNamespace.test(text)) {
      this.errors.add(
        'error',
        source,
        pragma.at,
        `namespace "${text}" names a host: choose the server with the command`,
      );
      return unit;
    }
    const trimmed = text.replace(/^\/+|\/+$/g, '');
    if (trimmed === '' || !trimmed.split('/').every((part) => /^[^\s/:.,"]+$/.test(part))) {
      this.errors.add('error', source, pragma.at, `"${text}" is not a namespace`);
      return unit;
    }
    return this.unit(trimmed);
  }

  #declare(declaration: Exclude<MofDeclaration, MofPragma>, source: MofSource, unit: MofUnit, reading: Reading): void {
    switch (declaration.kind) {
      case 'qualifier-type':
        this.#unique(unit.qualifierTypes, { node: declaration, source }, 'qualifier type');
        return;
      case 'class':
        this.#unique(unit.classes, { node: declaration, source }, 'class');
        break;
      case 'instance':
        unit.instances.push({ node: declaration, source, aliases: reading.aliases });
    }
    this.#alias(declaration, source, unit, reading.aliases);
  }

  #unique<T extends { readonly name: string; readonly at: number }>(
    known: Map<string, Placed<T>>,
    placed: Placed<T>,
    what: string,
  ): void {
    const folded = foldName(placed.node.name);
    const before = known.get(folded);
    if (before === undefined) {
      known.set(folded, placed);
      return;
    }
    const first = createDiagnostic('error', before.source, before.node.at, '');
    this.errors.add(
      'error',
      placed.source,
      placed.node.at,
      `${what} ${placed.node.name} is declared twice, first at ${first.file}:${first.line}`,
    );
  }

  #alias(
    node: MofInstanceDeclaration | MofClassDeclaration,
    source: MofSource,
    unit: MofUnit,
    aliases: AliasScope,
  ): void {
    if (node.alias === null) return;
    const folded = foldName(node.alias);
    if (aliases.has(folded)) this.errors.add('error', source, node.at, `alias $${node.alias} is declared twice`);
    else aliases.set(folded, { unit, placed: { node, source } });
  }
}
