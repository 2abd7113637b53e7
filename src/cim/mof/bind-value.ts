import {
  CimDateTime,
  type CimClass,
  type CimInstance,
  type CimScalar,
  type CimType,
  type CimValue,
  type EmbeddedKind,
  integerRanges,
} from '../model/index.js';
import { describeType, isScalarOf, toIntegerOf } from '../schema/index.js';
import { parseObjectPath } from '../uri/index.js';
import { MofFault } from './diagnostic.js';
import type { MofAlias, MofInstanceDeclaration, MofLiteral } from './syntax.js';

/** What a literal has to become. */
export interface BindTarget {
  readonly type: CimType;
  readonly isArray: boolean;
  readonly embedded: EmbeddedKind | null;
  readonly referenceClass: string | null;
}

/** What only the whole compilation knows: other declarations. Null where the place allows none (qualifiers). */
export interface Surroundings {
  reference(alias: MofAlias): CimScalar;
  embeddedAlias(alias: MofAlias): CimInstance | CimClass;
  embeddedInstance(declaration: MofInstanceDeclaration): CimInstance;
  embeddedText(text: string, at: number): CimInstance | CimClass;
}

function describeLiteral(literal: MofLiteral): string {
  if (literal === null) return 'NULL';
  if (typeof literal === 'string') return literal.length > 40 ? 'a string' : JSON.stringify(literal);
  if (typeof literal !== 'object') return String(literal);
  if (isList(literal)) return 'an array';
  switch (literal.kind) {
    case 'real':
      return `the real ${literal.value}`;
    case 'character':
      return `the character '${literal.value}'`;
    case 'alias':
      return `$${literal.name}`;
    case 'instance':
      return `an instance of ${literal.className}`;
  }
}

function isList(literal: MofLiteral): literal is readonly MofLiteral[] {
  return Array.isArray(literal);
}

function isTexts(literals: readonly MofLiteral[]): literals is readonly string[] {
  return literals.every((literal) => typeof literal === 'string');
}

function bindReference(literal: MofLiteral, around: Surroundings | null, at: number): CimScalar | undefined {
  if (typeof literal === 'string') {
    try {
      return parseObjectPath(literal);
    } catch (cause) {
      throw new MofFault(`not an object path: ${cause instanceof Error ? cause.message : literal}`, at);
    }
  }
  if (typeof literal !== 'object' || literal === null || isList(literal) || literal.kind !== 'alias') return undefined;
  return around?.reference(literal);
}

function bindEmbedded(literal: MofLiteral, around: Surroundings | null, at: number): CimScalar | undefined {
  if (around === null || literal === null) return undefined;
  if (typeof literal === 'string') return around.embeddedText(literal, at);
  if (typeof literal !== 'object' || isList(literal)) return undefined;
  if (literal.kind === 'alias') return around.embeddedAlias(literal);
  return literal.kind === 'instance' ? around.embeddedInstance(literal) : undefined;
}

function bindDateTime(literal: MofLiteral): CimDateTime | undefined {
  if (typeof literal !== 'string') return undefined;
  try {
    return CimDateTime.parse(literal);
  } catch {
    return undefined;
  }
}

/** Undefined for a number that the type cannot hold: it would become infinite. */
function bindReal(type: 'real32' | 'real64', literal: MofLiteral): number | undefined {
  const value = isKind(literal, 'real') ? literal.value : literal;
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const real = Number(value);
  return Number.isFinite(type === 'real32' ? Math.fround(real) : real) ? real : undefined;
}

function bindPlain(type: CimType, literal: MofLiteral): CimScalar | undefined {
  switch (type) {
    case 'string':
      return typeof literal === 'string' ? literal : undefined;
    case 'boolean':
      return typeof literal === 'boolean' ? literal : undefined;
    case 'datetime':
      return bindDateTime(literal);
    case 'char16':
      if (isKind(literal, 'character')) return literal.value;
      // DSP0004 Annex A: charValue may be an integer, the code of the character.
      return typeof literal === 'number' && literal >= 0 && literal <= 0xffff
        ? String.fromCharCode(literal)
        : undefined;
    case 'real32':
    case 'real64':
      return bindReal(type, literal);
    default:
      if (typeof literal === 'number' && isScalarOf(type, literal)) return literal;
      if (typeof literal !== 'number' && typeof literal !== 'bigint') return undefined;
      return toIntegerOf(type, BigInt(literal));
  }
}

function isKind<K extends 'real' | 'character'>(
  literal: MofLiteral,
  kind: K,
): literal is Extract<MofLiteral, { readonly kind: K }> {
  return typeof literal === 'object' && literal !== null && !isList(literal) && literal.kind === kind;
}

const realRanges: Readonly<Partial<Record<CimType, string>>> = {
  real32: ' (up to 3.4028235e38)',
  real64: ' (up to 1.7976931348623157e308)',
};

function bindScalar(target: BindTarget, literal: MofLiteral, around: Surroundings | null, at: number): CimScalar {
  const value =
    target.type === 'reference'
      ? bindReference(literal, around, at)
      : target.embedded !== null
        ? bindEmbedded(literal, around, at)
        : bindPlain(target.type, literal);
  if (value !== undefined) return value;
  const range = integerRanges[target.type];
  const wanted = range === undefined ? (realRanges[target.type] ?? '') : ` (${range.min} to ${range.max})`;
  const scalar = { ...target, isArray: false };
  throw new MofFault(`expected ${describeType(scalar)}${wanted}, got ${describeLiteral(literal)}`, at);
}

/** A literal as a value of the model. @throws MofFault where it is not of the type, or array against scalar */
export function bindValue(target: BindTarget, literal: MofLiteral, around: Surroundings | null, at: number): CimValue {
  if (literal === null) return null;
  if (isList(literal)) {
    if (!target.isArray) throw new MofFault(`expected ${describeType(target)}, got an array`, at);
    if (target.type === 'string' && target.embedded === null && isTexts(literal)) return literal;
    return literal.map((item) => (item === null ? null : bindScalar(target, item, around, at)));
  }
  if (target.isArray) {
    throw new MofFault(`expected ${describeType(target)} in braces, got ${describeLiteral(literal)}`, at);
  }
  return bindScalar(target, literal, around, at);
}
