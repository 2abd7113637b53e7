import { TvdcError } from '../../base/index.js';

/** Something that people name and programs identify. */
interface Named {
  readonly name: string;
  readonly id: string;
}

/**
 * The one element with this name or identifier; identifiers are compared without case.
 * @param what for the sentence: `virtual machine`
 * @param kindOf tells candidates of several kinds apart
 * @throws TvdcError `not_found`; `ambiguous` with the candidates, where several have the name
 */
export function pickNamed<T extends Named>(
  elements: readonly T[],
  text: string,
  what: string,
  kindOf: (element: T) => string = () => what,
): T {
  const folded = text.toLowerCase();
  const found = elements.filter(({ name, id }) => name === text || id.toLowerCase() === folded);
  const [first, ...others] = found;
  if (first === undefined) throw new TvdcError('not_found', `no ${what} ${text} on this host`);
  if (others.length === 0) return first;
  const candidates = found.map((element) => `${kindOf(element)} ${element.name} (${element.id})`);
  throw new TvdcError('ambiguous', `${text} may be ${candidates.join(' or ')}: give its identifier`, {
    details: { candidates },
  });
}
