export { type VtpmFamily, vtpmFamilies } from '../family/index.js';
export { createVtpmInstances, type VtpmInstancesOptions } from './create.js';
export {
  type ImportOffer,
  type ImportOfferBytes,
  type OwnerState,
  type ProtectionFacts,
  type RecordWith,
  type VtpmBackend,
  vtpmBackends,
  type VtpmIdentity,
  type VtpmInstance,
  type VtpmInstances,
  type VtpmState,
  vtpmStates,
} from './types.js';
