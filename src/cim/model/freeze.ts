import { type CimValue, isCimArray } from './value.js';

/** Freezes a declaration with everything below it; what is frozen already is left alone, so that shared parts cost nothing. */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) freezeDeep(part);
  return value;
}

/** A value that its giver can no longer change: arrays are copied, everything else of the model is immutable by itself. */
export function ownValue(value: CimValue): CimValue {
  return isCimArray(value) && !Object.isFrozen(value) ? Object.freeze([...value]) : value;
}
