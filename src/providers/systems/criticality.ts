import { CimError } from '../../cim/index.js';
import { criticalities, type Criticality } from '../../vmm/index.js';
import { criticalityValues } from './state.js';

/** @throws CimError 4 */
export function criticalityOf(value: unknown): Criticality {
  const found = criticalities.find((name) => criticalityValues[name] === value);
  if (found === undefined)
    throw new CimError(4, `Criticality is 2 (low), 3 (medium) or 4 (high), got ${String(value)}`);
  return found;
}
