import { TvdcError } from '../../base/index.js';
import { type Domain, type HostState, labelName } from '../decisions/index.js';
import { formatLabel } from '../policy/index.js';
import type { Reservation, Transition } from './contract.js';
import { issuePermit, type Permit } from './permit.js';

/** Places in the running set that the monitor gave away, with their permits. */
export class Places {
  readonly #host: HostState;
  readonly #left: (vm: string) => void;
  readonly #permits = new Map<string, Permit>();
  readonly #reservations = new Map<string, Reservation>();

  constructor(host: HostState, left: (vm: string) => void) {
    this.#host = host;
    this.#left = left;
  }

  /** The reservation of a VM that is on its way. */
  pending(vm: string): Reservation | undefined {
    return this.#host.domains.get(vm)?.state === 'starting' ? this.#reservations.get(vm) : undefined;
  }

  /** Makes a place for a VM that was admitted; counts rise now. */
  reserve(vm: string, row: number, transition: Transition): Reservation {
    const domain = this.#host.place(vm, row, 'starting', transition);
    const { policy } = this.#host;
    const permit = issuePermit({
      vm,
      transition: transition.kind,
      label: formatLabel(policy.document.name, labelName(policy, row)),
      ssidref: policy.ssidref(row),
    });
    this.#permits.set(vm, permit);
    const reservation: Reservation = {
      vm,
      permit,
      commit: () => this.#commit(domain, permit),
      abort: () => {
        if (this.#permits.get(vm) === permit && domain.state === 'starting') this.#left(vm);
      },
    };
    this.#reservations.set(vm, reservation);
    return reservation;
  }

  #commit(domain: Domain, permit: Permit): void {
    if (this.#permits.get(domain.vm) !== permit) {
      throw new TvdcError(
        'reservation_void',
        `the place of VM ${domain.vm} is gone: it left, or reconciliation dropped it`,
      );
    }
    if (domain.state === 'starting') domain.state = 'running';
    this.#reservations.delete(domain.vm);
  }

  /** Voids what was given to a VM. */
  release(vm: string): void {
    this.#permits.get(vm)?.revoke();
    this.#permits.delete(vm);
    this.#reservations.delete(vm);
  }
}
