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
  /** The line of the text. */
  readonly sourceLine: string;
}

/** Line and column of an offset. Costs a walk over the text: errors and positions asked for only. */
export function positionAt(source: MofSource, offset: number): MofPosition {
  let line = 1;
  let lineStart = 0;
  for (;;) {
    const end = source.text.indexOf('\n', lineStart);
    if (end < 0 || end >= offset) break;
    line++;
    lineStart = end + 1;
  }
  return { file: source.name, line, column: offset - lineStart + 1 };
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
  const end = source.text.indexOf('\n', start);
  const sourceLine = source.text
    .slice(start, end < 0 ? undefined : end)
    .replace(/\r$/, '')
    .slice(0, longestLine);
  return { severity, message, sourceLine, ...position };
}

/** `file:line:column: error: message`, the line, and a caret below the place. */
export function formatDiagnostic(diagnostic: MofDiagnostic): string {
  const { file, line, column, severity, message, sourceLine } = diagnostic;
  const head = `${file}:${line}:${column}: ${severity}: ${message}`;
  // A file that is not there has no line to show.
  if (sourceLine === '') return head;
  if (column > sourceLine.length + 1) return `${head}\n  ${sourceLine}`;
  // Tabs stay tabs, so that the caret stands below its character.
  const indent = sourceLine.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return `${head}\n  ${sourceLine}\n  ${indent}^`;
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
