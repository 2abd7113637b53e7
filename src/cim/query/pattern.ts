// Patterns of LIKE, matched against whole texts in time proportional to text and pattern (no backtracking).

/** One step of the automaton. */
type Instruction =
  | { readonly kind: 'one'; readonly accepts: (point: number) => boolean }
  | { readonly kind: 'fork'; readonly to: readonly [number, number] }
  | { readonly kind: 'jump'; readonly to: number }
  | { readonly kind: 'end' };

type Node =
  | { readonly kind: 'one'; readonly accepts: (point: number) => boolean }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly least: 0 | 1; readonly most: 1 | null };

export class PatternError extends Error {}

const anything = (): boolean => true;
const longestPattern = 1_000;

class PatternReader {
  readonly #points: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#points = [...text];
    if (this.#points.length > longestPattern)
      throw new PatternError(`a pattern has at most ${longestPattern} characters`);
  }

  #here(): string | undefined {
    return this.#points[this.#at];
  }

  #character(): number {
    const one = this.#points[this.#at++];
    if (one === undefined) throw new PatternError('the pattern ends too early');
    return one.codePointAt(0) as number;
  }

  #exactly(point: number): Node {
    return { kind: 'one', accepts: (other) => other === point };
  }

  /** After `[`. */
  #set(): Node {
    const negated = this.#here() === '^';
    if (negated) this.#at++;
    const ranges: (readonly [number, number])[] = [];
    for (let first = true; first || this.#here() !== ']'; first = false) {
      if (this.#here() === '\\') this.#at++;
      const from = this.#character();
      let to = from;
      if (this.#here() === '-' && this.#points[this.#at + 1] !== ']') {
        this.#at++;
        if (this.#here() === '\\') this.#at++;
        to = this.#character();
      }
      ranges.push([from, to]);
    }
    this.#at++;
    const within = (point: number): boolean => ranges.some(([from, to]) => point >= from && point <= to);
    return { kind: 'one', accepts: negated ? (point) => !within(point) : within };
  }

  /** WQL: `%` any text, `_` any character, `[…]` one of. */
  wildcards(): Node {
    const parts: Node[] = [];
    while (this.#here() !== undefined) {
      const one = this.#points[this.#at++] as string;
      if (one === '%') parts.push({ kind: 'repeat', part: { kind: 'one', accepts: anything }, least: 0, most: null });
      else if (one === '_') parts.push({ kind: 'one', accepts: anything });
      else if (one === '[') parts.push(this.#set());
      else if (one === '\\' && this.#here() !== undefined) parts.push(this.#exactly(this.#character()));
      else parts.push(this.#exactly(one.codePointAt(0) as number));
    }
    return { kind: 'sequence', parts };
  }

  /** CQL, FQL: regular expressions of `.`, `*`, `+`, `?`, `[…]`, `(…)`, `|`, `\`; `^` and `$` at the ends say what holds anyway. */
  expression(): Node {
    if (this.#here() === '^') this.#at++;
    const node = this.#choice();
    if (this.#at < this.#points.length) throw new PatternError(`unexpected ${this.#here() ?? ''} in the pattern`);
    return node;
  }

  #choice(): Node {
    if (++this.#depth > 50) throw new PatternError('groups are nested too deep');
    const parts = [this.#sequence()];
    while (this.#here() === '|') {
      this.#at++;
      parts.push(this.#sequence());
    }
    this.#depth--;
    return { kind: 'choice', parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#here() !== undefined && this.#here() !== '|' && this.#here() !== ')') {
      if (this.#here() === '$' && this.#at === this.#points.length - 1) {
        this.#at++;
        break;
      }
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(atom: Node): Node {
    let node = atom;
    for (let sign = this.#here(); sign === '*' || sign === '+' || sign === '?'; sign = this.#here()) {
      this.#at++;
      node = { kind: 'repeat', part: node, least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : null };
    }
    return node;
  }

  #atom(): Node {
    const one = this.#points[this.#at++] as string;
    if (one === '.') return { kind: 'one', accepts: anything };
    if (one === '[') return this.#set();
    if (one === '\\') return this.#exactly(this.#character());
    if (one === '*' || one === '+' || one === '?') throw new PatternError(`nothing to repeat before ${one}`);
    if (one !== '(') return this.#exactly(one.codePointAt(0) as number);
    const group = this.#choice();
    if (this.#here() !== ')') throw new PatternError('a group is not closed');
    this.#at++;
    return group;
  }
}

function emit(node: Node, program: Instruction[]): void {
  if (node.kind === 'one') {
    program.push(node);
  } else if (node.kind === 'sequence') {
    for (const part of node.parts) emit(part, program);
  } else if (node.kind === 'repeat') {
    emitRepeat(node, program);
  } else {
    const jumps: number[] = [];
    node.parts.forEach((part, at) => {
      const fork = program.length;
      const last = at === node.parts.length - 1;
      if (!last) program.push({ kind: 'end' });
      emit(part, program);
      if (last) return;
      jumps.push(program.length);
      program.push({ kind: 'end' });
      program[fork] = { kind: 'fork', to: [fork + 1, program.length] };
    });
    for (const jump of jumps) program[jump] = { kind: 'jump', to: program.length };
  }
}

function emitRepeat(node: Extract<Node, { kind: 'repeat' }>, program: Instruction[]): void {
  if (node.least === 1) {
    const start = program.length;
    emit(node.part, program);
    program.push({ kind: 'fork', to: [start, program.length + 1] });
    return;
  }
  const fork = program.length;
  program.push({ kind: 'end' });
  emit(node.part, program);
  if (node.most === null) program.push({ kind: 'jump', to: fork });
  program[fork] = { kind: 'fork', to: [fork + 1, program.length] };
}

function follow(program: readonly Instruction[], from: number, states: Set<number>): void {
  const waiting = [from];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (states.has(at)) continue;
    states.add(at);
    const instruction = program[at] as Instruction;
    if (instruction.kind === 'jump') waiting.push(instruction.to);
    else if (instruction.kind === 'fork') waiting.push(...instruction.to);
  }
}

function matches(program: readonly Instruction[], text: string): boolean {
  let states = new Set<number>();
  follow(program, 0, states);
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    const next = new Set<number>();
    for (const at of states) {
      const instruction = program[at] as Instruction;
      if (instruction.kind === 'one' && instruction.accepts(point)) follow(program, at + 1, next);
    }
    if (next.size === 0) return false;
    states = next;
  }
  return states.has(program.length - 1);
}

/**
 * Makes a test of whole texts from a pattern.
 * @throws PatternError the pattern cannot be read
 */
export function compilePattern(pattern: string, form: 'wildcards' | 'expression'): (text: string) => boolean {
  const reader = new PatternReader(pattern);
  const program: Instruction[] = [];
  emit(form === 'wildcards' ? reader.wildcards() : reader.expression(), program);
  program.push({ kind: 'end' });
  return (text) => matches(program, text);
}
