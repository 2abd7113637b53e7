import { type CimInstancePath, instanceIdentity, isCimArray } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import type { WbemClient } from './wbem-client.js';

export interface CentralInstanceOptions {
  /** The class of the central instances, for the scoping methodology. */
  readonly centralClass?: string;
  readonly scopingClass?: string;
  /**
   * Classes on the way from the central to the scoping class, both left out: association, class, association …
   */
  readonly scopingPath?: readonly string[];
  /** Which end of CIM_ReferencedProfile the referencing profile is: DMTF says Dependent, SNIA Antecedent. */
  readonly direction?: 'dmtf' | 'snia';
}

function isPath(value: unknown): value is CimInstancePath {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'instance-path';
}

/** Null: the server does not offer the method. */
async function byMethod(client: WbemClient, profile: CimInstancePath): Promise<CimInstancePath[] | null> {
  try {
    const result = await client.invoke(profile, 'GetCentralInstances');
    if (result.returnValue !== 0 && result.returnValue !== null) return null;
    const found = Object.entries(result.out).find(([name]) => name.toLowerCase() === 'centralinstances')?.[1];
    return isCimArray(found) ? found.filter(isPath) : null;
  } catch (error) {
    // Servers say in all these ways that they have no such method.
    if (error instanceof CimError && [1, 5, 6, 7, 16, 17].includes(error.status)) return null;
    throw error;
  }
}

function conforming(client: WbemClient, profile: CimInstancePath): Promise<CimInstancePath[]> {
  return client
    .associatorPaths(profile, { assocClass: 'CIM_ElementConformsToProfile', resultRole: 'ManagedElement' })
    .toArray();
}

function distinct(paths: readonly CimInstancePath[]): CimInstancePath[] {
  const seen = new Map(paths.map((path) => [`${path.namespace ?? ''}:${instanceIdentity(path)}`, path]));
  return [...seen.values()];
}

async function byScoping(
  client: WbemClient,
  profile: CimInstancePath,
  options: CentralInstanceOptions & { readonly centralClass: string; readonly scopingClass: string },
): Promise<CimInstancePath[]> {
  const resultRole = options.direction === 'snia' ? 'Antecedent' : 'Dependent';
  const referencing = await client
    .associatorPaths(profile, { assocClass: 'CIM_ReferencedProfile', resultRole })
    .toArray();
  let reached: CimInstancePath[] = [];
  for (const scope of referencing) reached.push(...(await conforming(client, scope)));
  // From the scoping instances back: association, class, association, …, central class.
  const way = [...(options.scopingPath ?? [])].reverse();
  for (let at = 0; at < way.length; at += 2) {
    const assocClass = way[at] as string;
    const resultClass = way[at + 1] ?? options.centralClass;
    const next: CimInstancePath[] = [];
    for (const path of distinct(reached)) {
      next.push(...(await client.associatorPaths(path, { assocClass, resultClass }).toArray()));
    }
    reached = next;
  }
  return distinct(reached);
}

/** Central instances of a profile (DSP1033): by GetCentralInstances, else the central, else the scoping methodology. */
export async function centralInstances(
  client: WbemClient,
  profile: CimInstancePath,
  options: CentralInstanceOptions,
): Promise<CimInstancePath[]> {
  const told = await byMethod(client, profile);
  if (told !== null) return told;
  const direct = await conforming(client, profile);
  const { centralClass, scopingClass } = options;
  if (direct.length > 0 || centralClass === undefined || scopingClass === undefined) return direct;
  return byScoping(client, profile, { ...options, centralClass, scopingClass });
}
