/** One challenge of a WWW-Authenticate header (RFC 9110 11.6.1). */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By name in lower case; a quoted value without its quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

const part = /[\s,]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/y;
const mostLength = 16 * 1024;

/**
 * Challenges in their order. What cannot be read ends the list: a server that writes nonsense has asked for nothing.
 * @param values of the header, each with one challenge or several
 */
export function parseChallenges(values: readonly string[]): readonly Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const value of values) {
    const text = value.slice(0, mostLength);
    part.lastIndex = 0;
    for (let match = part.exec(text); match !== null; match = part.exec(text)) {
      const [, name = '', quoted, plain] = match;
      const given = plain ?? quoted?.replace(/\\(.)/g, '$1');
      if (given === undefined) found.push({ scheme: name.toLowerCase(), parameters: new Map() });
      else found.at(-1)?.parameters.set(name.toLowerCase(), given);
    }
  }
  return found;
}
