import { CimError } from '../operations/index.js';

/** Names under which the languages are announced (CIM_QueryCapabilities) and asked for; `CIM:CQL` is the old name of `DMTF:CQL`. */
export const queryLanguages = ['WQL', 'DMTF:CQL', 'CIM:CQL', 'DMTF:FQL'] as const;

export type QueryDialect = 'wql' | 'cql' | 'fql';

const dialects: Readonly<Record<string, QueryDialect>> = {
  WQL: 'wql',
  'DMTF:CQL': 'cql',
  'CIM:CQL': 'cql',
  'DMTF:FQL': 'fql',
};

/** @throws CimError 14 */
export function dialectOf(language: string): QueryDialect {
  const dialect = dialects[language.toUpperCase()];
  if (dialect === undefined) {
    const known = queryLanguages.join(', ');
    throw new CimError(14, `query language "${language.slice(0, 64)}" is not supported; supported: ${known}`);
  }
  return dialect;
}
