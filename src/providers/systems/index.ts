import type { Provider } from '../../cimom/index.js';
import type { HostView } from '../kit/index.js';
import { capabilitiesProviders } from './capabilities.js';
import { computerSystemProvider } from './computer-system.js';
import { managementServiceProvider } from './management-service.js';
import { settingsProviders } from './settings.js';

export { computerSystemValues, findVm, vmUuidOf } from './computer-system.js';
export { labelOfResource, labelOfVlan, labelOfVm } from './labels.js';
export { enabledStates } from './state.js';

/** Virtual machines, their settings and their management service. */
export function systemProviders(view: HostView): readonly Provider[] {
  return [
    computerSystemProvider(view),
    managementServiceProvider(view),
    ...capabilitiesProviders(view),
    ...settingsProviders(view),
  ];
}
