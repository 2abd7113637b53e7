import type { Randomness } from '../../../base/index.js';
import { type CimInstance, sameName } from '../../../cim/model/index.js';
import { CimError } from '../../../cim/operations/index.js';

/** Class of the system in `root/interop` that has everything that clients create there. */
export const systemClass = 'CIM_ComputerSystem';

/**
 * Fills the keys that the client left to the server: system, class, and a name that is nobody else's. What the client said
 * stands, so that the path it knows is the path that it gets.
 * @throws CimError 4 CreationClassName is not the class
 */
export function completeKeys(given: CimInstance, systemName: string, randomness: Randomness): CimInstance {
  const { className } = given;
  const text = (name: string): string | null => given.getString(name)?.trim() || null;
  const creationClass = text('CreationClassName') ?? className;
  if (!sameName(creationClass, className)) {
    throw new CimError(4, `CreationClassName is ${creationClass}, but the instance is of ${className}`);
  }
  return given.with({
    SystemCreationClassName: text('SystemCreationClassName') ?? systemClass,
    SystemName: text('SystemName') ?? systemName,
    CreationClassName: className,
    Name: given.getString('Name') || `TVDC:${randomness.uuid()}`,
  });
}
