import type { Clock, Randomness } from '../../base/index.js';
import {
  type CimClass,
  CimDateTime,
  type CimInstance,
  type CimInstancePath,
  type CimValue,
  createInstance,
  shapeOf,
} from '../../cim/model/index.js';
import { formatObjectPath } from '../../cim/uri/index.js';
import type { RepositoryChange } from '../repository/index.js';

interface Circumstances {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly host: string;
}

function nameOf(change: RepositoryChange): string | null {
  if (change.kind !== 'instance' && change.kind !== 'class') return null;
  const family = change.kind === 'instance' ? 'Inst' : 'Class';
  if (change.before === null) return `CIM_${family}Creation`;
  return `CIM_${family}${change.after === null ? 'Deletion' : 'Modification'}`;
}

function pathText(path: CimInstancePath, namespace: string, host: string): string {
  return formatObjectPath({ ...path, host, namespace }, 'uri');
}

/** Name of the class of life-cycle indication that a change calls for; null: none. */
export const lifeCycleClass = nameOf;

/**
 * CIM_InstCreation, -Modification, -Deletion and their class twins for a change of the repository (DSP1054). Properties
 * that the class in the namespace lacks are left out.
 */
export function createLifeCycleIndication(
  cls: CimClass,
  change: RepositoryChange,
  circumstances: Circumstances,
): CimInstance | null {
  const { clock, randomness, host } = circumstances;
  const values: Record<string, CimValue> = {
    IndicationIdentifier: `TVDC:${randomness.uuid()}`,
    IndicationTime: CimDateTime.fromUnix(clock.now()),
  };
  if (change.kind === 'instance') {
    values['SourceInstance'] = change.after ?? change.before;
    values['SourceInstanceModelPath'] = pathText(change.path, change.namespace, host);
    values['SourceInstanceHost'] = host;
    if (change.after !== null && change.before !== null) values['PreviousInstance'] = change.before;
  } else if (change.kind === 'class') {
    values['ClassDefinition'] = change.after ?? change.before;
    if (change.after !== null && change.before !== null) values['PreviousClassDefinition'] = change.before;
  } else {
    return null;
  }
  const shape = shapeOf(cls);
  const known = Object.entries(values).filter(([name]) => shape.indexOf(name) >= 0);
  return createInstance(cls, Object.fromEntries(known), { namespace: change.namespace });
}
