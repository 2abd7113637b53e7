import { cimTypes } from '../model/index.js';
import { MofFault } from './diagnostic.js';
import { token } from './lexer.js';
import type {
  MofClassDeclaration,
  MofDeclaration,
  MofInstanceDeclaration,
  MofLiteral,
  MofMethod,
  MofParameter,
  MofPragma,
  MofProperty,
  MofPropertyValue,
  MofQualifier,
  MofQualifierTypeDeclaration,
  MofType,
} from './syntax.js';
import { close, type FaultHandler, open, semicolon, TokenReader } from './token-reader.js';

const comma = 44;
const colon = 58;
const equals = 61;

const deepestNesting = 64;
const noQualifiers: readonly MofQualifier[] = [];
const noFlavors: readonly string[] = [];

/** Recursive descent over DSP0004 Annex A. Keywords are contextual: each may be a name. */
class Parser extends TokenReader {
  *declarations(): Generator<MofDeclaration> {
    this.guarded(
      () => this.lexer.next(),
      () => this.recover(0, 0),
    );
    while (this.lexer.kind !== token.end) {
      const declaration = this.guarded(
        () => this.#declaration(),
        () => this.recover(0, 0),
      );
      this.cutShort = false;
      if (declaration !== undefined) yield declaration;
    }
  }

  #declaration(): MofDeclaration {
    const lexer = this.lexer;
    if (lexer.kind === token.pragma) return this.#pragma();
    const qualifiers = this.#qualifiers();
    if (this.is('class')) return this.#class(qualifiers);
    if (this.is('instance')) {
      const instance = this.#instance(0);
      this.expect(semicolon);
      return instance;
    }
    if (qualifiers.length === 0 && this.is('qualifier')) return this.#qualifierType();
    return this.fail('a class, an instance, a qualifier or a pragma');
  }

  #pragma(): MofPragma {
    const at = this.lexer.start;
    this.lexer.next();
    const name = this.name('the name of a pragma').toLowerCase();
    let parameter: string | null = null;
    if (this.accept(open.parenthesis)) {
      if (this.lexer.kind === token.string) {
        parameter = this.lexer.text;
        this.lexer.next();
      } else {
        this.fail('a string');
      }
      this.expect(close.parenthesis);
    }
    return { kind: 'pragma', name, parameter, at };
  }

  #qualifiers(): readonly MofQualifier[] {
    if (this.lexer.kind !== open.bracket) return noQualifiers;
    const out: MofQualifier[] = [];
    do {
      this.lexer.next();
      const at = this.lexer.start;
      const name = this.name('the name of a qualifier');
      out.push({ name, value: this.#qualifierParameter(), flavors: this.#useFlavors(), at });
    } while (this.sees(comma));
    this.expect(close.bracket);
    return out;
  }

  #qualifierParameter(): MofLiteral | undefined {
    if (this.lexer.kind === open.brace) return this.#array(0);
    if (!this.accept(open.parenthesis)) return undefined;
    const value = this.#value(0);
    this.expect(close.parenthesis);
    return value;
  }

  #useFlavors(): readonly string[] {
    if (!this.accept(colon)) return noFlavors;
    const out = [this.name('a flavor').toLowerCase()];
    while (this.lexer.kind === token.identifier) out.push(this.name('a flavor').toLowerCase());
    return out;
  }

  #class(qualifiers: readonly MofQualifier[]): MofClassDeclaration {
    this.lexer.next();
    const at = this.lexer.start;
    const name = this.name('the name of a class');
    const alias = this.#alias();
    const superclass = this.accept(colon) ? this.name('the name of the superclass') : null;
    const properties: MofProperty[] = [];
    const methods: MofMethod[] = [];
    const base = this.#opened();
    while (this.lexer.kind !== close.brace) {
      if (this.cutShort || this.lexer.kind === token.end) this.fail(`"}" of class ${name}`);
      this.guarded(
        () => this.#feature(properties, methods),
        () => this.recover(1, base),
      );
    }
    this.lexer.next();
    this.expect(semicolon);
    return { kind: 'class', name, superclass, alias, qualifiers, properties, methods, at };
  }

  /** Steps over an opening brace. @returns how many are open within it */
  #opened(): number {
    const { depth } = this.lexer;
    this.expect(open.brace);
    return depth;
  }

  #alias(): string | null {
    if (!this.is('as')) return null;
    this.lexer.next();
    if (this.lexer.kind !== token.alias) this.fail('an alias such as $Name');
    const alias = this.lexer.text;
    this.lexer.next();
    return alias;
  }

  #feature(properties: MofProperty[], methods: MofMethod[]): void {
    const qualifiers = this.#qualifiers();
    const type = this.#type();
    const at = this.lexer.start;
    const name = this.name('the name of a property or method');
    if (this.accept(open.parenthesis)) {
      const parameters = this.#parameters();
      methods.push({ name, returnType: type, qualifiers, parameters, at });
    } else {
      const { isArray, arraySize } = this.#arraySize();
      const given = this.accept(equals);
      const valueAt = this.lexer.start;
      const value = given ? this.#value(0) : undefined;
      properties.push({ name, type, isArray, arraySize, qualifiers, value, valueAt, at });
    }
    this.expect(semicolon);
  }

  #type(): MofType {
    const at = this.lexer.start;
    const name = this.name('a type');
    const simple = simpleTypes.get(name);
    if (simple !== undefined) return simple;
    const folded = name.toLowerCase();
    const spelt = simpleTypes.get(folded);
    if (spelt !== undefined) return spelt;
    if (!this.is('ref')) throw new MofFault(`unknown type ${name}`, at);
    this.lexer.next();
    return { name: 'reference', referenceClass: folded === 'object' ? null : name };
  }

  #arraySize(): { readonly isArray: boolean; readonly arraySize: number | null } {
    if (!this.accept(open.bracket)) return scalar;
    if (this.accept(close.bracket)) return openArray;
    if (this.lexer.kind !== token.integer) this.fail('the size of an array');
    const size = this.lexer.value;
    if (typeof size === 'bigint' || size < 1) this.fail('a size of 1 or more');
    this.lexer.next();
    this.expect(close.bracket);
    return { isArray: true, arraySize: size };
  }

  #parameters(): MofParameter[] {
    const out: MofParameter[] = [];
    if (this.accept(close.parenthesis)) return out;
    do {
      const qualifiers = this.#qualifiers();
      const type = this.#type();
      const at = this.lexer.start;
      const name = this.name('the name of a parameter');
      out.push({ name, type, ...this.#arraySize(), qualifiers, at });
    } while (this.accept(comma));
    this.expect(close.parenthesis);
    return out;
  }

  /** Without the semicolon, which an embedded instance does not have. */
  #instance(depth: number): MofInstanceDeclaration {
    if (depth > deepestNesting) throw new MofFault('instances are nested too deep', this.lexer.start);
    this.lexer.next();
    if (!this.is('of')) this.fail('"of"');
    this.lexer.next();
    const at = this.lexer.start;
    const className = this.name('the name of a class');
    const alias = this.#alias();
    const properties: MofPropertyValue[] = [];
    const base = this.#opened();
    while (this.lexer.kind !== close.brace) {
      if (this.cutShort || this.lexer.kind === token.end) this.fail(`"}" of an instance of ${className}`);
      this.guarded(
        () => properties.push(this.#propertyValue(depth)),
        () => this.recover(1, base),
      );
    }
    this.lexer.next();
    return { kind: 'instance', className, alias, properties, at };
  }

  #propertyValue(depth: number): MofPropertyValue {
    // Qualifiers on values of instances are deprecated and mean nothing: read over.
    this.#qualifiers();
    const at = this.lexer.start;
    const name = this.name('the name of a property');
    this.expect(equals);
    const valueAt = this.lexer.start;
    const value = this.#value(depth);
    this.expect(semicolon);
    return { name, value, at, valueAt };
  }

  #value(depth: number): MofLiteral {
    if (this.lexer.kind === open.brace) return this.#array(depth);
    return this.#scalarValue(depth);
  }

  #array(depth: number): MofLiteral[] {
    const out: MofLiteral[] = [];
    this.lexer.next();
    if (this.accept(close.brace)) return out;
    do out.push(this.#scalarValue(depth));
    while (this.accept(comma));
    this.expect(close.brace);
    return out;
  }

  #scalarValue(depth: number): MofLiteral {
    const lexer = this.lexer;
    let value: MofLiteral;
    switch (lexer.kind) {
      case token.string:
        value = lexer.text;
        break;
      case token.integer:
        value = lexer.value;
        break;
      case token.real:
        value = { kind: 'real', value: Number(lexer.value) };
        break;
      case token.character:
        value = { kind: 'character', value: lexer.text };
        break;
      case token.alias:
        value = { kind: 'alias', name: lexer.text, at: lexer.start };
        break;
      case token.identifier:
        if (this.is('true')) value = true;
        else if (this.is('false')) value = false;
        else if (this.is('null')) value = null;
        else if (this.is('instance')) return this.#instance(depth + 1);
        else return this.fail('a value');
        break;
      default:
        return this.fail('a value');
    }
    lexer.next();
    return value;
  }

  #qualifierType(): MofQualifierTypeDeclaration {
    this.lexer.next();
    const at = this.lexer.start;
    const name = this.name('the name of a qualifier');
    this.expect(colon);
    const type = this.#type();
    const { isArray, arraySize } = this.#arraySize();
    const value = this.accept(equals) ? this.#value(0) : undefined;
    let scopes: readonly string[] = [];
    let flavors: readonly string[] = [];
    while (this.accept(comma)) {
      if (this.is('scope')) scopes = this.#words('a scope');
      else if (this.is('flavor')) flavors = this.#words('a flavor');
      else this.fail('Scope or Flavor');
    }
    this.expect(semicolon);
    return { kind: 'qualifier-type', name, type, isArray, arraySize, value, scopes, flavors, at };
  }

  #words(what: string): string[] {
    this.lexer.next();
    this.expect(open.parenthesis);
    const out = [this.name(what).toLowerCase()];
    while (this.accept(comma)) out.push(this.name(what).toLowerCase());
    this.expect(close.parenthesis);
    return out;
  }
}

const scalar = { isArray: false, arraySize: null } as const;
const openArray = { isArray: true, arraySize: null } as const;

const simpleTypes: ReadonlyMap<string, MofType> = new Map(
  cimTypes.filter((name) => name !== 'reference').map((name) => [name, { name, referenceClass: null }]),
);

/**
 * The declarations of a MOF text in order, as they are read. After a fault the parser goes on behind the next `;` or before
 * the next `}`, so that one run finds several.
 *
 * @param names names met so far: texts that share it hold each name once in memory
 */
export function parseMof(text: string, onFault: FaultHandler, names?: Map<string, string>): Generator<MofDeclaration> {
  return new Parser(text, onFault, names).declarations();
}
