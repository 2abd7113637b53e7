// Characters that a terminal obeys, or that turn the direction of text: names come from machines that are not trusted.
const obeyed = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;
const obeyedInLine = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

const written = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Text in which nothing moves the cursor, colours or ends a line: such characters are written as `\u001b`. */
export function printable(text: string): string {
  return text.replace(obeyed, written);
}

/** The same, with lines and tabulators left as they are. */
export function printableLines(text: string): string {
  return text.replace(obeyedInLine, written);
}
