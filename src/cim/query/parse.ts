import { sameName } from '../model/index.js';
import { ConditionParser } from './condition-parser.js';
import { TokenCursor } from './cursor.js';
import { unsupportedFeature } from './errors.js';
import { dialectOf, type QueryDialect } from './language.js';
import { tokenize } from './lexer.js';
import type { Condition, Operand, PathOperand, Query } from './syntax.js';

/**
 * Reads a query: WQL, DMTF:CQL (DSP0202; `CIM:CQL` is the same) or the filter of DMTF:FQL (DSP0212).
 *
 * @throws CimError 14 unknown language; 15 wrong, with the column; 29 right, but a feature that we do not have
 */
export function parseQuery(language: string, text: string): Query {
  const dialect = dialectOf(language);
  const cursor = new TokenCursor(tokenize(text));
  return dialect === 'fql' ? parseFilter(dialect, text, cursor) : parseSelect(dialect, text, cursor);
}

function parseFilter(dialect: QueryDialect, text: string, cursor: TokenCursor): Query {
  const where = new ConditionParser(cursor).condition();
  if (cursor.token.kind !== 'end') cursor.fail('AND, OR or the end');
  return { dialect, text, fromClass: null, projection: null, where };
}

function parseSelect(dialect: QueryDialect, text: string, cursor: TokenCursor): Query {
  const parser = new ConditionParser(cursor);
  cursor.expectWord('SELECT');
  for (const word of ['DISTINCT', 'FIRST']) {
    const { kind, text: following } = cursor.following;
    const clause = kind === 'integer' || following === '*' || (kind === 'name' && following.toUpperCase() !== 'FROM');
    if (cursor.isWord(word) && clause) throw unsupportedFeature(word, cursor.column);
  }
  const list = parseList(cursor, parser);
  cursor.expectWord('FROM');
  const fromClass = cursor.expectName('a class name').text;
  const alias = parseAlias(cursor);
  refuseClauses(cursor);
  const where = cursor.takeWord('WHERE') ? parser.condition() : null;
  refuseClauses(cursor);
  if (cursor.token.kind !== 'end') cursor.fail(where === null ? 'WHERE or the end' : 'AND, OR or the end');
  const local = (path: PathOperand): PathOperand => withoutRoot(path, fromClass, alias);
  const projection = list.map((path) => (path === null ? null : withoutStar(local(path))));
  const whole = projection.some((path) => path === null || path.steps.length === 0);
  return {
    dialect,
    text,
    fromClass,
    projection: whole ? null : (projection as PathOperand[]),
    where: where === null ? null : mapPaths(where, local),
  };
}

/** `SourceInstance.*` is all of the embedded object, as `SourceInstance` is. */
function withoutStar(path: PathOperand): PathOperand {
  return path.steps.at(-1)?.name === '*' ? { ...path, steps: path.steps.slice(0, -1) } : path;
}

/** null: everything. */
function parseList(cursor: TokenCursor, parser: ConditionParser): (PathOperand | null)[] {
  const list: (PathOperand | null)[] = [];
  do {
    if (cursor.takeSymbol('*')) list.push(null);
    else list.push(parseItem(cursor, parser));
  } while (cursor.takeSymbol(','));
  return list;
}

function parseItem(cursor: TokenCursor, parser: ConditionParser): PathOperand {
  const { column, following } = cursor;
  if (cursor.token.kind !== 'name') cursor.fail('a property or "*"');
  if (following.kind === 'symbol' && following.text === '(') {
    throw unsupportedFeature('a function in the list of properties', column);
  }
  const path = parser.path(true);
  if (cursor.isWord('AS')) throw unsupportedFeature('AS in the list of properties', cursor.column);
  return path;
}

const clauseWords: ReadonlySet<string> = new Set([
  'WHERE',
  'ORDER',
  'GROUP',
  'HAVING',
  'WITHIN',
  'JOIN',
  'INNER',
  'LEFT',
]);

function parseAlias(cursor: TokenCursor): string | null {
  if (cursor.takeWord('AS')) return cursor.expectName('a name').text;
  if (cursor.token.kind !== 'name' || clauseWords.has(cursor.token.text.toUpperCase())) return null;
  return cursor.next().text;
}

function refuseClauses(cursor: TokenCursor): void {
  if (cursor.isSymbol(',')) throw unsupportedFeature('a join', cursor.column);
  for (const word of clauseWords) {
    if (word !== 'WHERE' && cursor.isWord(word)) throw unsupportedFeature(word, cursor.column);
  }
}

/** Strips the name or alias of the FROM class from the beginning of a path. */
function withoutRoot(path: PathOperand, fromClass: string, alias: string | null): PathOperand {
  const first = path.steps[0];
  if (first === undefined || first.scope !== null || first.index !== null) return path;
  const root = alias === null ? sameName(first.name, fromClass) : sameName(first.name, alias);
  return root ? { ...path, steps: path.steps.slice(1) } : path;
}

function mapOperand(operand: Operand, local: (path: PathOperand) => PathOperand): Operand {
  if (operand.kind === 'path') return local(operand);
  if (operand.kind === 'literal') return operand;
  return { ...operand, parameters: operand.parameters.map((parameter) => mapOperand(parameter, local)) };
}

function mapPaths(condition: Condition, local: (path: PathOperand) => PathOperand): Condition {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { ...condition, parts: condition.parts.map((part) => mapPaths(part, local)) };
    case 'not':
      return { ...condition, part: mapPaths(condition.part, local) };
    case 'compare':
      return { ...condition, left: mapOperand(condition.left, local), right: mapOperand(condition.right, local) };
    default:
      return { ...condition, operand: mapOperand(condition.operand, local) };
  }
}
