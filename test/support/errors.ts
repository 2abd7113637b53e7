/** An error with these fields, for `toThrow`. */
export function errorLike(fields: Readonly<Record<string, unknown>>): Error {
  return expect.objectContaining(fields) as Error;
}
