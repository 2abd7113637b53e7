import { CimError, type CimInstance, isCimArray } from '../../cim/index.js';
import type { Criticality, ResourceLabel, VolumeSpec } from '../../vmm/index.js';
import { criticalityOf } from './criticality.js';

/** Whether a storage setting asks for a volume of its own: it names none. */
export function isNewVolume(setting: CimInstance): boolean {
  const named = setting.get('HostResource');
  const names = isCimArray(named) ? named : [];
  return names.length === 0 && (setting.getString('Address') ?? '') === '' && setting.get('VirtualQuantity') !== null;
}

/** The volume that a storage setting asks for. @throws CimError 4 */
export function newVolumeOf(setting: CimInstance): VolumeSpec {
  const size = setting.get('VirtualQuantity');
  const name = setting.getString('ElementName');
  const units = setting.getString('AllocationUnits') ?? 'byte';
  if (typeof size !== 'bigint') throw new CimError(4, 'a new volume needs its size in VirtualQuantity');
  if (units !== 'byte') throw new CimError(4, `the size of a new volume is in "byte", not "${units}"`);
  if (name === null || name === '') throw new CimError(4, 'a new volume needs a name in ElementName');
  return { name, sizeBytes: Number(size), label: setting.getString('SecurityLabel') };
}

/** The label that a setting wants for what it names. */
export function labelOf(setting: CimInstance, target: ResourceLabel['target']): readonly ResourceLabel[] {
  const label = setting.getString('SecurityLabel');
  return label === null || label === '' ? [] : [{ target, label }];
}

export interface Rating {
  readonly criticality?: Criticality;
  readonly trusted?: boolean;
}

/** Criticality and trusted mark, where the settings of a system say them. @throws CimError 4 */
export function ratingOf(settings: CimInstance): Rating {
  const criticality = settings.get('Criticality') ?? null;
  const trusted = settings.get('Trusted') ?? null;
  return {
    ...(criticality === null ? {} : { criticality: criticalityOf(criticality) }),
    ...(trusted === null ? {} : { trusted: trusted === true }),
  };
}
