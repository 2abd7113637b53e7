import type { Clock, Log, Randomness } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import type { HostAuthority } from '../certificates/index.js';
import type { VtpmDriver } from '../drivers/index.js';
import type { VtpmFamily } from '../family/index.js';
import type { KeyKind } from '../identity.js';
import type { StateProtection, StateVault } from '../state/index.js';
import type { OwnerState, VtpmBackend, VtpmInstance } from './types.js';

/** What instances are made of; every choice is made. */
export interface InstancesParts {
  readonly store: Store;
  readonly protection: StateProtection;
  readonly vault: StateVault;
  readonly drivers: Readonly<Record<VtpmBackend, VtpmDriver>>;
  /** Of TPMs 1.2. */
  readonly driver12: VtpmDriver;
  readonly backend: VtpmBackend;
  readonly authority: HostAuthority;
  readonly anchors: readonly Uint8Array[];
  readonly crls: () => readonly Uint8Array[];
  readonly ownerState: (vmUuid: string) => OwnerState;
  readonly onFailure: (instance: VtpmInstance) => void;
  readonly keys: KeyKind;
  readonly randomness: Randomness;
  readonly clock: Clock;
  readonly log: Log;
}

/** What carries out a TPM of a back end and a family. */
export function driverOf(
  { drivers, driver12 }: Pick<InstancesParts, 'drivers' | 'driver12'>,
  { backend, family }: { readonly backend: VtpmBackend; readonly family?: VtpmFamily },
): VtpmDriver {
  return family === '1.2' ? driver12 : drivers[backend];
}
