import type { Clock, Randomness } from '../../base/index.js';
import type { CimInstancePath } from '../../cim/model/index.js';
import type { Journal } from '../../store/index.js';
import type { IndicationService } from '../indications/subscriptions/index.js';
import type { Repository } from '../repository/index.js';
import type { Caller } from '../security/index.js';
import type { InteropPaths, ProfileIdentity } from './paths.js';
import type { StatisticsPort } from './statistics.js';

/** A management profile that the host implements. */
export interface ProfileFacts extends ProfileIdentity {
  /** OtherRegisteredOrganization, where `organization` is 1. */
  readonly otherOrganization?: string;
  /** Names of the profiles that it builds on; those that are not in the list are left out. */
  readonly references?: readonly string[];
  /** Its central instances that the caller may see, each with its namespace; a path without one is in `root/interop`. */
  readonly centralInstances: (interop: InteropPaths, caller: Caller) => Iterable<CimInstancePath>;
  /** Whether a path names one of them; left out: looked for among all. */
  readonly isCentral?: (path: CimInstancePath) => boolean;
}

export interface InteropOptions {
  readonly repository: Repository;
  /** Name of the CIM_ComputerSystem that hosts everything in `root/interop`: a UUID, or a name of the machine. */
  readonly systemName: string;
  /** Name of the machine for people; left out: `systemName`. */
  readonly systemTitle?: string;
  /** Brand: ElementName of the object manager. */
  readonly productName: string;
  /** `M.N.U` of the product. */
  readonly version: string;
  /** Where the object manager answers at present. */
  readonly addresses: () => readonly { readonly url: string }[];
  readonly profiles: readonly ProfileFacts[];
  /** Left out: the host has no indications. */
  readonly indications?: IndicationService;
  /** Further services that the system hosts, in `root/interop`. */
  readonly services?: readonly CimInstancePath[];
  /** Gets an entry for every namespace that is created or deleted. */
  readonly journal?: Journal;
  /** Left out: no statistics can be had. */
  readonly statistics?: StatisticsPort;
  readonly clock?: Clock;
  readonly randomness?: Randomness;
}
