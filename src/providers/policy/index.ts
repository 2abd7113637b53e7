import type { Provider } from '../../cimom/index.js';
import type { HostView } from '../kit/index.js';
import { policyProviders } from './policies.js';
import { policyServiceProvider } from './service.js';
import { statisticsProviders } from './statistics.js';

/** Policies, labels, assignments and the service that changes them. */
export function securityProviders(view: HostView): readonly Provider[] {
  return [...policyProviders(view), policyServiceProvider(view), ...statisticsProviders(view)];
}
