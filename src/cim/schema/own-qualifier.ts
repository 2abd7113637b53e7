import { type CimQualifier, type CimValue, foldName } from '../model/index.js';

/**
 * Value of a standard qualifier that stands on an element; undefined where it does not. As `qualifierValue`, for the checks of
 * whole schemas: the length is compared first, which is exact because the names of standard qualifiers are ASCII.
 *
 * @param folded name in lower case
 */
export function standardQualifier(
  element: { readonly qualifiers: readonly CimQualifier[] },
  folded: string,
): CimValue | undefined {
  const { qualifiers } = element;
  for (let at = 0; at < qualifiers.length; at++) {
    const { name, value } = qualifiers[at] as CimQualifier;
    if (name.length === folded.length && foldName(name) === folded) return value;
  }
  return undefined;
}
