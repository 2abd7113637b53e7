import type { Position } from './finding.js';

/** Line and column (from 1) of an offset in a text. */
export function positionOfOffset(text: string, offset: number): Position {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}

const blank = /[ \t\r\n]*/y;
const scalar = /[^,\]}\s]*/y;
const quoted = /"(?:[^"\\]|\\.)*"/y;

/** Walks over text that JSON.parse accepted; never checks it again. */
class JsonCursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
    this.blanks();
  }

  blanks(): void {
    blank.lastIndex = this.at;
    blank.exec(this.text);
    this.at = blank.lastIndex;
  }

  next(): string {
    return this.text.charAt(this.at);
  }

  step(): void {
    this.at++;
    this.blanks();
  }

  string(): string {
    quoted.lastIndex = this.at;
    const match = quoted.exec(this.text);
    if (match === null) return '';
    this.at = quoted.lastIndex;
    this.blanks();
    return JSON.parse(match[0]) as string;
  }

  /** Passes one whole value. */
  skip(): void {
    let depth = 0;
    do {
      const char = this.next();
      if (char === '"') this.string();
      else if (char === '{' || char === '[') {
        depth++;
        this.step();
      } else if (char === '}' || char === ']') {
        depth--;
        this.step();
      } else if (char === ',' || char === ':') this.step();
      else if (char === '') return;
      else {
        scalar.lastIndex = this.at;
        scalar.exec(this.text);
        this.at = Math.max(scalar.lastIndex, this.at + 1);
        this.blanks();
      }
    } while (depth > 0);
  }

  /** Moves from the opening brace to the value of a key. */
  enterKey(key: string): boolean {
    if (this.next() !== '{') return false;
    this.step();
    while (this.next() === '"') {
      const found = this.string() === key;
      this.step();
      if (found) return true;
      this.skip();
      if (this.next() === ',') this.step();
    }
    return false;
  }

  enterIndex(index: number): boolean {
    if (this.next() !== '[') return false;
    this.step();
    for (let at = 0; at < index && this.next() !== ']'; at++) {
      this.skip();
      if (this.next() === ',') this.step();
    }
    return this.next() !== ']';
  }
}

const pathStep = /([^.[\]]+)|\[(\d+)\]/g;

/** Where the element of that path (`vm_labels[2].ste[0]`) stands in JSON text; null if it is not there. */
export function jsonPosition(text: string, element: string): Position | null {
  const cursor = new JsonCursor(text);
  for (const [, key, index] of element.matchAll(pathStep)) {
    const found = key === undefined ? cursor.enterIndex(Number(index)) : cursor.enterKey(key);
    if (!found) return null;
  }
  return positionOfOffset(text, cursor.at);
}
