/** A word of a line, and where it begins there. */
export interface Word {
  readonly text: string;
  readonly at: number;
}

export interface Line {
  readonly words: readonly Word[];
  /** The last word as it was typed, where the cursor stands right behind it; empty behind a blank. */
  readonly open: Word;
  /** A quote was not closed. */
  readonly isOpen: boolean;
}

/** Quotes of a key are a part of the path: `CIM_Fan.Name="a b"`; those of an assignment are not: `Name="a b"`. */
function isPath(raw: string): boolean {
  return /^[^='"]*\.[^.='"]*=/.test(raw);
}

/**
 * Splits at blanks that stand in no quotes. Single quotes hold everything; in double quotes a backslash holds the next
 * character. Both go, but for double quotes in an object path, whose they are.
 */
export function splitLine(line: string): Line {
  const words: Word[] = [];
  let raw = '';
  let text = '';
  let at = -1;
  let quote = '';
  const end = (): void => {
    if (at >= 0) words.push({ text, at });
    raw = '';
    text = '';
    at = -1;
  };
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index);
    if (quote === '' && /\s/.test(character)) {
      end();
      continue;
    }
    if (at < 0) at = index;
    const keeps = isPath(raw);
    raw += character;
    if (character === '\\' && quote === '"' && index + 1 < line.length) {
      const next = line.charAt(++index);
      raw += next;
      text += keeps ? character + next : next;
    } else if (character === quote || (quote === '' && (character === '"' || character === "'"))) {
      quote = quote === '' ? character : '';
      if (keeps && character === '"') text += character;
    } else {
      text += character;
    }
  }
  const open = at < 0 ? { text: '', at: line.length } : { text: line.slice(at), at };
  const isOpen = quote !== '';
  end();
  return { words, open, isOpen };
}
