export {
  type ImportOffer,
  type ImportOfferBytes,
  type OwnerState,
  type VtpmBackend,
  vtpmBackends,
  VtpmError,
  type VtpmErrorCode,
  type VtpmIdentity,
  type VtpmInstance,
  type VtpmInstances,
  type VtpmState,
  vtpmStates,
} from './types.js';
