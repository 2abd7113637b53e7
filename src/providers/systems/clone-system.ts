import { tryParseLabel } from '../../acm/index.js';
import { CimError, type CimInstance } from '../../cim/index.js';
import type { ProviderContext } from '../../cimom/index.js';
import { cloneVm, type ResourceLabel, type VirtualMachine, type VolumeSpec } from '../../vmm/index.js';
import { actorOf, type HostView } from '../kit/index.js';
import { ratingOf } from './definition.js';

/** What resource settings ask for beside the configuration that they refer to. */
interface Additions {
  readonly volumes: readonly string[];
  readonly newVolumes: readonly VolumeSpec[];
  readonly vlans: readonly number[];
  readonly resourceLabels: readonly ResourceLabel[];
  readonly memoryMiB: number | null;
  readonly processors: number | null;
}

/**
 * DefineSystem with a ReferenceConfiguration (DSP1042): a copy with an identity of its own. Memory, processors and ratings may
 * differ; label, disks and interfaces are those of the origin.
 * @throws CimError 4 @throws VmmError @throws RefusedError
 */
export async function cloneSystem(
  view: HostView,
  context: ProviderContext,
  settings: CimInstance,
  { volumes, newVolumes, vlans, memoryMiB, processors }: Additions,
  origin: string,
): Promise<VirtualMachine> {
  if (volumes.length + newVolumes.length + vlans.length > 0) {
    throw new CimError(4, 'a copy has the disks and interfaces of its origin: add others afterwards');
  }
  const { labels, policy } = view.parts.monitor;
  const wanted = settings.getString('SecurityLabel');
  const label = labels.vm(origin);
  const named = wanted === null ? null : tryParseLabel(wanted, policy.name);
  if (wanted !== null && (named?.label !== label?.label || named?.policy !== label?.policy)) {
    throw new CimError(4, 'a copy has the label of its origin, for it has copies of its disks');
  }
  const name = settings.getString('ElementName') ?? settings.getString('VirtualSystemIdentifier') ?? '';
  const changes = {
    ...(memoryMiB === null ? {} : { memoryMiB }),
    ...(processors === null ? {} : { processors }),
    ...ratingOf(settings),
  };
  return cloneVm(view.parts, actorOf(context), origin, name, changes);
}
