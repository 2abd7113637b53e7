/** One thing that a check of foreign data found. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Where one of several forms was expected: what stands against each. */
  readonly errors?: readonly (readonly Issue[])[];
}

const mostTold = 3;

function placeOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((place, part) => {
    if (typeof part === 'number') return `${place}[${part}]`;
    return place === '' ? String(part) : `${place}.${String(part)}`;
  }, '');
}

/** Of several forms that which fits best was meant. */
function meant(issue: Issue): readonly Issue[] {
  const [best] = [...(issue.errors ?? [])].sort((a, b) => a.length - b.length);
  if (best === undefined || best.length === 0) return [issue];
  return best.flatMap((inner) => meant({ ...inner, path: [...issue.path, ...inner.path] }));
}

function tell({ path, message }: Issue): string {
  const said = message.replace(/^Invalid input: /, '').replace(/^(?=[A-Z][a-z])./, (first) => first.toLowerCase());
  return path.length === 0 ? said : `${placeOf(path)}: ${said}`;
}

/**
 * What is wrong with data that did not pass a check, as one line with the places: `peers[0].url: expected string, received
 * undefined; …`. At most three are told.
 */
export function describeIssues(issues: readonly Issue[]): string {
  const all = issues.flatMap(meant);
  const more = all.length - mostTold;
  return [...all.slice(0, mostTold).map(tell), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
