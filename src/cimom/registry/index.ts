export {
  createProviderRegistry,
  type ProviderRegistry,
  type ProviderReport,
  type RegisteredProvider,
  RegistrationError,
  type RegistrationErrorCode,
  type RegistrySchema,
} from './registry.js';
export type { ProviderCounters, ProviderStatistics } from './statistics.js';
