import type { Provider } from '../../cimom/index.js';
import type { HostView } from '../kit/index.js';
import { allocationProviders } from './allocations.js';
import { allocationCapabilityProviders } from './capabilities.js';
import { poolProvider } from './pool.js';

export { allocationCapabilityPath } from './capabilities.js';

/** What the host has for virtual machines, what they hold of it, and what they can be given. */
export function poolProviders(view: HostView): readonly Provider[] {
  return [poolProvider(view), ...allocationProviders(view), ...allocationCapabilityProviders(view)];
}
