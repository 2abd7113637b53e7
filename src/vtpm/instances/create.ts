import { join } from 'node:path';
import { type Clock, type Log, type Randomness, silentLog, systemClock, systemRandomness } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import type { HostAuthority } from '../certificates/index.js';
import { createSealer, createSoftwareDriver, openKeyFile, type VtpmDriver } from '../drivers/index.js';
import { VtpmError } from '../errors.js';
import { createSwtpmDriver, swtpmAvailable } from '../swtpm/index.js';
import type { KeyKind } from '../identity.js';
import { Instances } from './instances.js';
import type { OwnerState, VtpmBackend, VtpmInstance, VtpmInstances } from './types.js';

export interface VtpmInstancesOptions {
  readonly store: Store;
  readonly backend: VtpmBackend;
  /** `state.key` (mode 0600), and the folders of swtpm. */
  readonly folder: string;
  /** The host's issuing authority: EK certificates, and its word in migrations. */
  readonly authority: HostAuthority;
  /** Root certificates whose hosts may send and take TPMs; by default the one of `authority`. */
  readonly anchors?: readonly Uint8Array[];
  /** Revocation lists to be used in migrations. */
  readonly crls?: () => readonly Uint8Array[];
  /** State of the VM that owns a TPM: management may not reset or destroy the TPM of one that is not off. */
  readonly ownerState?: (vmUuid: string) => OwnerState;
  /** A TPM ended by itself: it is `failed` until its VM boots again, for whoever is in the VM could extend what he likes. */
  readonly onFailure?: (instance: VtpmInstance) => void;
  /** Kind of new endorsement and attestation keys. */
  readonly keys?: KeyKind;
  readonly randomness?: Randomness;
  readonly clock?: Clock;
  readonly log?: Log;
}

/**
 * Opens the virtual TPMs of a host. Those that ran when the last process ended are off, as after a power cut.
 * @throws VtpmError `vtpm_backend_unavailable`, `vtpm_state_invalid`
 */
export async function createVtpmInstances(options: VtpmInstancesOptions): Promise<VtpmInstances> {
  const { store, folder, randomness = systemRandomness, clock = systemClock, log = silentLog } = options;
  if (options.backend === 'swtpm' && !(await swtpmAvailable())) {
    throw new VtpmError('vtpm_backend_unavailable', 'swtpm is not installed on this host');
  }
  const key = await openKeyFile(join(folder, 'state.key'), randomness);
  const software = createSoftwareDriver({ store, sealer: createSealer(key, randomness), randomness, clock });
  const swtpm = createSwtpmDriver({ folder: join(folder, 'swtpm'), randomness, log });
  const drivers: Readonly<Record<VtpmBackend, VtpmDriver>> = { software, swtpm };
  return new Instances({
    store,
    drivers,
    backend: options.backend,
    authority: options.authority,
    anchors: options.anchors ?? options.authority.chain.slice(-1),
    crls: options.crls ?? (() => []),
    ownerState: options.ownerState ?? (() => 'absent'),
    onFailure: options.onFailure ?? (() => undefined),
    keys: options.keys ?? 'ecc',
    randomness,
    clock,
    log,
  });
}
