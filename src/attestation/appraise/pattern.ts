import { ParseError, unreachable } from '../../base/index.js';
import { parsePattern, type PatternNode } from './pattern-syntax.js';

interface State {
  /** What the state consumes; null for states that only branch. */
  readonly set: Extract<PatternNode, { kind: 'set' }> | null;
  readonly assert: 'start' | 'end' | null;
  next: readonly number[];
}

const maxStates = 20_000;
const accept = -1;

/** Builds the automaton from the back, so that each state knows its successors. */
class Builder {
  readonly states: State[] = [];

  add(state: State): number {
    if (this.states.length >= maxStates)
      throw new ParseError('bad_pattern', 'pattern too large', { line: 1, column: 1 });
    return this.states.push(state) - 1;
  }

  build(node: PatternNode, next: number): number {
    switch (node.kind) {
      case 'set':
        return this.add({ set: node, assert: null, next: [next] });
      case 'start':
      case 'end':
        return this.add({ set: null, assert: node.kind, next: [next] });
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.build(part, after), next);
      case 'choice':
        return this.add({ set: null, assert: null, next: node.parts.map((part) => this.build(part, next)) });
      case 'repeat':
        return this.#repeat(node, next);
      default:
        return unreachable(node);
    }
  }

  #repeat(node: Extract<PatternNode, { kind: 'repeat' }>, next: number): number {
    let first = next;
    if (node.to === null) {
      const loop = this.add({ set: null, assert: null, next: [] });
      (this.states[loop] as State).next = [this.build(node.part, loop), next];
      first = loop;
    } else {
      for (let n = node.from; n < node.to; n++) {
        first = this.add({ set: null, assert: null, next: [this.build(node.part, first), next] });
      }
    }
    for (let n = 0; n < node.from; n++) first = this.build(node.part, first);
    return first;
  }
}

function holds(set: Extract<PatternNode, { kind: 'set' }>, code: number): boolean {
  return set.ranges.some(([low, high]) => code >= low && code <= high) !== set.negated;
}

/** A set of patterns over whole paths, matched in time linear in the path's length. */
export interface PathMatcher {
  matches(path: string): boolean;
}

/**
 * Compiles regular expressions; a path matches if one of them matches all of it.
 * @throws ParseError `bad_pattern`, with the pattern in the details
 */
export function createPathMatcher(patterns: readonly string[]): PathMatcher {
  const builder = new Builder();
  const starts = patterns.map((pattern) => {
    try {
      return builder.build(parsePattern(pattern), accept);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      const place = { line: error.line, column: error.column };
      const what = error.message.replace(/ \(line .*\)$/, '');
      throw new ParseError('bad_pattern', `exclude pattern ${JSON.stringify(pattern)}: ${what}`, place, {
        cause: error,
      });
    }
  });
  const { states } = builder;
  const marks = new Int32Array(states.length).fill(-1);

  const enter = (from: readonly number[], at: number, length: number, into: number[]): boolean => {
    const stack = [...from];
    let accepted = false;
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      if (index === accept) {
        accepted = true;
        continue;
      }
      if (marks[index] === at) continue;
      marks[index] = at;
      const state = states[index] as State;
      if (state.set !== null) into.push(index);
      else if (state.assert === null || at === (state.assert === 'start' ? 0 : length)) stack.push(...state.next);
    }
    return accepted;
  };

  return {
    matches(path) {
      if (states.length === 0 && starts.length === 0) return false;
      marks.fill(-1);
      let current: number[] = [];
      let accepted = enter(starts, 0, path.length, current);
      for (let at = 0; at < path.length; at++) {
        const code = path.charCodeAt(at);
        const after = current.flatMap((index) => {
          const state = states[index] as State;
          return state.set !== null && holds(state.set, code) ? state.next : [];
        });
        current = [];
        accepted = enter(after, at + 1, path.length, current);
        if (!accepted && current.length === 0) return false;
      }
      return accepted;
    },
  };
}
