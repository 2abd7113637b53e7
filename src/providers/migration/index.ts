import type { Provider } from '../../cimom/index.js';
import type { HostView } from '../kit/index.js';
import { migrationCapabilities } from './capabilities.js';
import { migrationRecordProvider } from './records.js';
import { migrationServiceProvider } from './service.js';

/** Virtual machines that move between hosts. */
export function migrationProviders(view: HostView): readonly Provider[] {
  return [migrationServiceProvider(view), migrationRecordProvider(view), ...migrationCapabilities(view)];
}
