import { TvdcError } from '../../base/index.js';

const issuer = Symbol('reference monitor');
const issued = new WeakSet<Permit>();

/** Facts that a permit vouches for. */
export interface PermitFacts {
  readonly vm: string;
  readonly transition: 'start' | 'resume' | 'migrate_in';
  /** `ACM:<policy>:<label>` under which the VM may run. */
  readonly label: string;
  /** Label index as the original hypervisor numbers it. */
  readonly ssidref: number;
}

/**
 * Proof that the reference monitor admitted a VM. Only the monitor can make one; a driver's start, restore and accept take
 * it and check it with {@link isPermit}. Void once its reservation was aborted or its VM has left.
 */
export class Permit {
  readonly vm: string;
  readonly transition: PermitFacts['transition'];
  readonly label: string;
  readonly ssidref: number;
  #valid = true;

  constructor(key: symbol, facts: PermitFacts) {
    if (key !== issuer) throw new TvdcError('permit_forged', 'only the reference monitor issues permits');
    this.vm = facts.vm;
    this.transition = facts.transition;
    this.label = facts.label;
    this.ssidref = facts.ssidref;
    issued.add(this);
    Object.freeze(this);
  }

  get valid(): boolean {
    return this.#valid;
  }

  /** Makes a permit void for good; anybody may give one up. */
  revoke(): void {
    this.#valid = false;
  }
}

/** For the monitor alone; the room's door does not export it. */
export function issuePermit(facts: PermitFacts): Permit {
  return new Permit(issuer, facts);
}

/** Whether the monitor issued this permit, it is still valid, and (if given) it is for this VM. */
export function isPermit(value: unknown, vm?: string): value is Permit {
  if (typeof value !== 'object' || value === null || !issued.has(value as Permit)) return false;
  const permit = value as Permit;
  return permit.valid && (vm === undefined || permit.vm === vm);
}
