import { type CimInstance, foldName, isCimArray } from '../../../cim/model/index.js';
import { CimError } from '../../../cim/operations/index.js';
import type { Namespaces, ResolvedNamespace } from '../../namespaces.js';

/** Namespaces that a filter names: SourceNamespaces, else the old SourceNamespace; null: all of them. */
export function namedNamespaces(filter: CimInstance): readonly string[] | null {
  const several = filter.get('SourceNamespaces');
  const named = isCimArray(several) ? several.filter((name): name is string => typeof name === 'string') : [];
  const one = filter.getString('SourceNamespace');
  const all = named.length === 0 && one !== null ? [one] : named;
  const given = all.filter((name) => name.trim() !== '');
  return given.length === 0 ? null : given;
}

/** The namespaces where indications may arise for a filter. @throws CimError 4 one does not exist */
export function sourceNamespaces(filter: CimInstance, namespaces: Namespaces): readonly ResolvedNamespace[] {
  const names = namedNamespaces(filter) ?? namespaces.all();
  return names.map((name) => {
    const found = namespaces.find(name);
    if (found === undefined) throw new CimError(4, `SourceNamespaces: there is no namespace ${name}`);
    return found;
  });
}

/** Folded canonical names of a filter's namespaces; null: all. Those that are gone are left out. */
export function sourceNames(filter: CimInstance, namespaces: Namespaces): ReadonlySet<string> | null {
  const names = namedNamespaces(filter);
  if (names === null) return null;
  return new Set(names.flatMap((name) => namespaces.find(name)?.space.name ?? []).map(foldName));
}
