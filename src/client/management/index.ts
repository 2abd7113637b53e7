export {
  attest,
  type AttestationPolicies,
  type AttestOptions,
  attestRound,
  type RoundMode,
  roundModes,
  type RoundOptions,
  type RoundResult,
  type SubjectVerdict,
} from './attestation-round.js';
export { fetchAsserted, type FetchedEvidence, RemoteTpm } from './evidence.js';
export {
  checkReadiness,
  type HostReadiness,
  type OwnReferences,
  type ReadinessItem,
  type ReadinessName,
} from './readiness.js';
export { type ListedSystems, listSystems, type ListedVm } from './systems.js';
export {
  type AccessQuestion,
  type DecisionAnswer,
  type JobWait,
  ManagedHost,
  type ManagedVm,
  type NamedElement,
  type RequestedState,
  requestedStates,
} from './managed-host.js';
export {
  changeDomainState,
  deleteDomain,
  type DomainConflict,
  type DomainView,
  type HostDomain,
  hostDomain,
  hostDomains,
  type MemberOutcome,
  memberLabel,
  viewDomain,
} from './domains.js';
export { checkArrival, checkStart, hostId, type StartForecast, type StartReason } from './preflight.js';
export {
  changeVm,
  cloneVm,
  type CloneWish,
  type CriticalityName,
  criticalityValues,
  defineVm,
  destroyVm,
  type DiskWish,
  type VlanWish,
  type VmChanges,
  type VmDefinition,
} from './vm-definition.js';
export { type VmDetails, vmDetails, type VmDisk, type VmPort, type VmTpm } from './vm-details.js';
export { attachDevices, describeDevice, detachDevices, type DeviceWish, pickDevice } from './vm-devices.js';
export { matchesFilter, vmDomains, type VmExtras, vmExtras, type VmFilter, vmNames } from './vm-list.js';
export {
  createVlan,
  createVolume,
  deleteVlan,
  deleteVolume,
  eraseVolume,
  type HostVlan,
  hostVlan,
  hostVlans,
  type HostVolume,
  hostVolume,
  hostVolumes,
} from './volumes.js';
export { type FollowOptions, followJob, JobFailedError, type JobFailure, type JobStatus } from './jobs.js';
export {
  checkMigration,
  decideMigration,
  type HandDecision,
  type ListedMigration,
  listMigrations,
  type MigrationForecast,
  type MigrationObstacle,
  migrateVm,
} from './migration.js';
export { completed, isWrongState, MethodRefusedError, outText, returnNames } from './refusal.js';
export {
  type AccessCounters,
  type AccessStatistics,
  accessStatistics,
  type MonitorCounters,
  planPolicy,
  type PolicyPlan,
} from './policy-questions.js';
export {
  createLabel,
  deleteLabel,
  type HostLabel,
  hostLabels,
  labelReach,
  type LabelReach,
  type ShareMatrix,
  shareMatrix,
} from './labels.js';
export {
  createUser,
  type GrantedRole,
  grantedRoles,
  type HostUser,
  hostUsers,
  removeUser,
  revokeRole,
  setSecret,
} from './users.js';
export {
  createVirtualTpm,
  destroyVirtualTpm,
  exportVirtualTpm,
  importVirtualTpm,
  type ImportOffer,
  prepareImport,
  recoverVirtualTpm,
  renewCertificate,
  resetVirtualTpm,
  revocationLists,
  revokeCertificate,
} from './virtual-tpms.js';
