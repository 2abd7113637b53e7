import type { ProviderContext } from '../../cimom/index.js';
import type { Actor } from '../../vmm/index.js';
import type { Values } from './list-provider.js';
import { type Paths, serviceName } from './paths.js';

/** Who acts in the name of a caller. */
export function actorOf(context: ProviderContext): Actor {
  return { user: context.caller.user };
}

/** Names that every managed element shows. */
export function elementFacts(name: string, description?: string): Values {
  return { ElementName: name, Caption: name, ...(description === undefined ? {} : { Description: description }) };
}

/** OperationalStatus (2 OK, 6 error) and HealthState (5 OK, 25 critical failure), which scripts look at first. */
export function operationalFacts(healthy = true): Values {
  return { OperationalStatus: [healthy ? 2 : 6], HealthState: healthy ? 5 : 25 };
}

/** A service of the host, enabled and started. */
export function serviceValues(paths: Paths, className: string, name: string): Values {
  return {
    ...paths.hosted(className, serviceName(className)),
    ...elementFacts(name),
    ...operationalFacts(),
    EnabledState: 2,
    RequestedState: 12,
    Started: true,
  };
}
