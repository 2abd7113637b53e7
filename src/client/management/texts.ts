import { TvdcError } from '../../base/index.js';
import type { CimInstancePath, CimValue } from '../../cim/index.js';

/** The texts of an array; NULL is none. */
export function textsOf(value: CimValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** An OUT parameter that names an instance. @throws TvdcError `bad_answer` */
export function pathOf(value: CimValue | undefined, what: string): CimInstancePath {
  if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance-path') return value;
  throw new TvdcError('bad_answer', `the server returned no ${what}`);
}
