import type { Clock, Log, Randomness } from '../../base/index.js';
import type { AssociationIndex } from '../association-index.js';
import type { IndicationSink } from '../indications/index.js';
import type { ObjectManagerLimits } from '../limits.js';
import type { Namespaces } from '../namespaces.js';
import type { PullContexts } from '../pulls/index.js';
import type { ProviderRegistry } from '../registry/index.js';
import type { Authorizer } from '../security/index.js';
import type { RepositoryWork } from '../indications/index.js';
import type { ProviderGuard } from './guard.js';

/** The parts that every operation works with: one for each object manager. */
export interface Engine {
  readonly namespaces: Namespaces;
  readonly registry: ProviderRegistry;
  readonly authorizer: Authorizer;
  readonly guard: ProviderGuard;
  readonly contexts: PullContexts;
  readonly associations: AssociationIndex;
  readonly sink: IndicationSink;
  readonly work: RepositoryWork;
  readonly limits: ObjectManagerLimits;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Enumerations and calls that providers may still be working for. */
  readonly running: Set<AbortController>;
}
