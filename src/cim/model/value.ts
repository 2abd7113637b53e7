import type { CimClass } from './class.js';
import type { CimDateTime } from './datetime.js';
import type { CimInstance } from './instance.js';
import type { CimObjectPath } from './path.js';

/**
 * One CIM value that is not NULL. By type: boolean → boolean; string, char16 → string; 8 to 32 bit integers and reals →
 * number; uint64, sint64 → bigint; datetime → CimDateTime; reference → CimObjectPath; embedded objects → CimInstance, CimClass.
 */
export type CimScalar = string | boolean | number | bigint | CimDateTime | CimObjectPath | CimInstance | CimClass;

/** Arrays may hold NULL items. */
export type CimArray = readonly (CimScalar | null)[];

/** `null` is CIM NULL and nothing else is. */
export type CimValue = CimScalar | CimArray | null;

export function isCimArray(value: CimValue | undefined): value is CimArray {
  return Array.isArray(value);
}
