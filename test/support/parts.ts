/** A group of tests that needs something not every machine has; skipped, with the reason in its name, where it is missing. */
export function describeIf(condition: boolean, reason: string): (name: string, body: () => void) => void {
  return (name, body) => {
    if (condition) describe(name, body);
    else describe.skip(`${name} (skipped: ${reason})`, body);
  };
}
