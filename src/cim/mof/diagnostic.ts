import { ParseError } from '../../base/index.js';
import type { MofSource } from './source.js';

/** A place in a MOF text; `line` and `column` count from 1. */
export interface MofPosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Something wrong, or doubtful, in a MOF text. */
export interface MofDiagnostic extends MofPosition {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** The line of the text; of a very long one the part around the place. */
  readonly sourceLine: string;
  /** Column at which `sourceLine` begins: 1, except in a very long line. */
  readonly shownFrom: number;
}

const lineBreak = /\r\n?|\n/g;

/** Line and column of an offset. Costs a walk over the text: errors and positions asked for only. */
export function positionAt(source: MofSource, offset: number): MofPosition {
  let line = 1;
  let lineStart = 0;
  for (const { 0: text, index } of source.text.matchAll(lineBreak)) {
    if (index >= offset) break;
    line++;
    lineStart = index + text.length;
  }
  return { file: source.name, line, column: Math.max(offset - lineStart, 0) + 1 };
}

const longestLine = 400;

export function createDiagnostic(
  severity: MofDiagnostic['severity'],
  source: MofSource,
  offset: number,
  message: string,
): MofDiagnostic {
  const at = Math.min(offset, source.text.length);
  const position = positionAt(source, at);
  const start = at - position.column + 1;
  const from = position.column <= longestLine ? start : at - longestLine / 2;
  const sourceLine = /^[^\r\n]*/.exec(source.text.slice(from, from + longestLine))?.[0] ?? '';
  return { severity, message, sourceLine, shownFrom: from - start + 1, ...position };
}

// Columns of a terminal: marks stand on the character before them, East Asian wide characters and emoji take two (UAX #11).
const noColumn = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const twoColumns =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** Blanks as wide as a text; tabs stay tabs. */
function blank(text: string): string {
  let out = '';
  for (const character of text) {
    if (character === '\t') out += '\t';
    else if (twoColumns.test(character)) out += '  ';
    else if (!noColumn.test(character)) out += ' ';
  }
  return out;
}

/** `file:line:column: error: message`, the line, and a caret below the place. */
export function formatDiagnostic(diagnostic: MofDiagnostic): string {
  const { file, line, column, severity, message, sourceLine, shownFrom } = diagnostic;
  const head = `${file}:${line}:${column}: ${severity}: ${message}`;
  // A file that is not there has no line to show.
  if (sourceLine === '') return head;
  const opening = shownFrom === 1 ? '' : '…';
  return `${head}\n  ${opening}${sourceLine}\n  ${blank(opening + sourceLine.slice(0, column - shownFrom))}^`;
}

/** Everything that was wrong in a compilation; `line` and `column` are those of the first error. */
export class MofError extends ParseError<'bad_mof'> {
  readonly diagnostics: readonly MofDiagnostic[];

  constructor(diagnostics: readonly MofDiagnostic[]) {
    const first = diagnostics[0];
    const more = diagnostics.length > 1 ? ` and ${diagnostics.length - 1} more` : '';
    super('bad_mof', `${first?.file ?? ''}: ${first?.message ?? 'bad MOF'}${more}`, {
      line: first?.line ?? 1,
      column: first?.column ?? 1,
    });
    this.diagnostics = diagnostics;
  }
}

/** Thrown inside the compiler where it cannot go on; caught at the next declaration. */
export class MofFault extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
