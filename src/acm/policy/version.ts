/** Version of a policy. `text` is what the document says: a FromPolicy reference must equal it letter by letter. */
export interface PolicyVersion {
  readonly major: number;
  readonly minor: number;
  readonly text: string;
}

// The schema's dot is unescaped: any character may separate the two numbers.
const schemaPattern = /^[0-9]{1,8}.[0-9]{1,8}$/su;
const strictPattern = /^([0-9]{1,8})\.([0-9]{1,8})$/;
const digitsOnly = /^[0-9]{1,9}$/;

/**
 * The version that a text means, or null if it is none. `1.10` is 1.10; digits alone that the schema lets pass, such as
 * `100`, are a major number with minor 0, as in the original.
 */
export function tryPolicyVersion(text: string): PolicyVersion | null {
  const match = strictPattern.exec(text);
  if (match !== null) return Object.freeze({ major: Number(match[1]), minor: Number(match[2]), text });
  if (schemaPattern.test(text) && digitsOnly.test(text)) {
    return Object.freeze({ major: Number(text), minor: 0, text });
  }
  return null;
}

/** Whether the text has the form digits, dot, digits. */
export function isPlainVersion(version: PolicyVersion): boolean {
  return strictPattern.test(version.text);
}

/** Negative, zero or positive: major first, then minor, as numbers (1.10 is above 1.9). */
export function compareVersions(a: PolicyVersion, b: PolicyVersion): number {
  return a.major - b.major || a.minor - b.minor;
}

/** @throws RangeError for numbers outside 0..99999999 */
export function policyVersion(major: number, minor: number): PolicyVersion {
  for (const part of [major, minor]) {
    if (!Number.isInteger(part) || part < 0 || part > 99_999_999) throw new RangeError(`bad version part ${part}`);
  }
  return Object.freeze({ major, minor, text: `${major}.${minor}` });
}
