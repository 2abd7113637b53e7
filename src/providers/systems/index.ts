import type { Provider } from '../../cimom/index.js';
import type { HostView } from '../kit/index.js';
import { capabilitiesProviders } from './capabilities.js';
import { computerSystemProvider } from './computer-system.js';
import { deviceProviders } from './devices.js';
import { managementServiceProvider } from './management-service.js';
import { settingsProviders } from './settings.js';

export { computerSystemValues, findVm, vmUuidOf } from './computer-system.js';
export { labelOfResource, labelOfVlan, labelOfVm } from './labels.js';
export { defaultSizes } from './define-system.js';
export { devicePath } from './device-ids.js';
export {
  type ResourceKind,
  resourceKinds,
  resourceTypes,
  settingClasses,
  tpmResourceType,
} from './resource-settings.js';
export { resourceSettingValues, resourceUnits, systemSettingValues } from './setting-values.js';
export { resourcePath, resourcesOf, type VmResource } from './settings-ids.js';
export { deviceState, enabledStates } from './state.js';

/** Virtual machines, their settings and their management service. */
export function systemProviders(view: HostView): readonly Provider[] {
  return [
    computerSystemProvider(view),
    managementServiceProvider(view),
    ...capabilitiesProviders(view),
    ...settingsProviders(view),
    ...deviceProviders(view),
  ];
}
