import { join } from 'node:path';
import { type Clock, type Log, type Randomness, silentLog, systemClock, systemRandomness } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import type { HostAuthority } from '../certificates/index.js';
import { createSoftwareDriver, type VtpmDriver } from '../drivers/index.js';
import { VtpmError } from '../errors.js';
import type { TpmClient } from '../../tpm/index.js';
import type { KeyKind } from '../identity.js';
import { createStateVault, defaultSealPcrs, openStateProtection, type SequenceRows } from '../state/index.js';
import { adoptFormerState, clearLeftovers, createSwtpmDriver, swtpmAvailable, tpm12Family } from '../swtpm/index.js';
import { Instances } from './instances.js';
import type { OwnerState, VtpmBackend, VtpmInstance, VtpmInstances } from './types.js';

export interface VtpmInstancesOptions {
  readonly store: Store;
  readonly backend: VtpmBackend;
  /** `state.key` (mode 0600), or `state.sealed`. */
  readonly folder: string;
  /** The TPM of the host, started: it seals the key of the states and counts what is current. */
  readonly hostTpm?: TpmClient;
  /** PCRs of the host that a newly sealed key is bound to. */
  readonly sealPcrs?: string;
  /** Milliseconds after which changes are marked in the TPM of the host at the latest. */
  readonly markInterval?: number;
  /** The host's issuing authority: EK certificates, and its word in migrations. */
  readonly authority: HostAuthority;
  /** Root certificates whose hosts may send and take TPMs; by default the one of `authority`. */
  readonly anchors?: readonly Uint8Array[];
  /** Revocation lists besides that of `authority`: used in migrations, and handed out. */
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
 * @throws VtpmError `vtpm_backend_unavailable`, `vtpm_state_invalid`, `vtpm_key_unavailable`, `vtpm_rolled_back`
 */
export async function createVtpmInstances(options: VtpmInstancesOptions): Promise<VtpmInstances> {
  const { store, folder, randomness = systemRandomness, clock = systemClock, log = silentLog } = options;
  if (options.backend === 'swtpm' && !(await swtpmAvailable())) {
    throw new VtpmError('vtpm_backend_unavailable', 'swtpm is not installed on this host');
  }
  await clearLeftovers();
  const protection = await openStateProtection({
    store,
    folder,
    tpm: options.hostTpm ?? null,
    pcrs: options.sealPcrs ?? defaultSealPcrs,
    ...(options.markInterval === undefined ? {} : { markInterval: options.markInterval }),
    randomness,
    log,
  });
  const { rows, sealer } = protection;
  const sequences: SequenceRows = {
    key: (uuid) => `sequence/${uuid}`,
    put: (tx, key, value) => {
      rows.put(tx, key, value);
    },
    delete: (tx, key) => {
      rows.delete(tx, key);
    },
  };
  const vault = createStateVault(store, sealer, sequences);
  const drivers: Readonly<Record<VtpmBackend, VtpmDriver>> = {
    software: createSoftwareDriver({ vault, randomness, clock }),
    swtpm: createSwtpmDriver({ vault, randomness, log }),
  };
  const instances = new Instances({
    store,
    protection,
    vault,
    drivers,
    driver12: createSwtpmDriver({ vault, family: tpm12Family, randomness, log }),
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
  for (const { uuid, backend } of instances.list()) {
    if (backend === 'swtpm') await adoptFormerState(join(folder, 'swtpm'), uuid, vault);
  }
  await instances.settle();
  return instances;
}
