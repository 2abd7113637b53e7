import type { Provider } from '../../cimom/index.js';
import type { HostView } from '../kit/index.js';
import { authorityProviders } from './authority.js';
import { measurementLogProviders } from './logs.js';
import { tpmServiceProvider } from './service.js';
import { tpmProviders } from './tpm.js';

/** TPMs of the host and of its virtual machines, with logs and certificates. */
export function trustProviders(view: HostView): readonly Provider[] {
  return [
    ...tpmProviders(view),
    ...authorityProviders(view),
    tpmServiceProvider(view),
    ...measurementLogProviders(view),
  ];
}
