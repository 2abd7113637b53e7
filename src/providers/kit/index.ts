export { linksByVm, vmOfPath } from './by-vm.js';
export type { AccountDesk, HostTpmView, HostView, Veil } from './host-view.js';
export { jobStarted, startedOrDone } from './job.js';
export { mergeAssociations } from './merge.js';
export { associationProvider, isPath, type Link, listProvider, type Values } from './list-provider.js';
export {
  asCimStatus,
  inheritedMethod,
  optionalText,
  ownMethod,
  ownOutcome,
  requiredOctets,
  requiredPath,
  requiredText,
  returnCodeOf,
  returnCodes,
  textList,
  toCimError,
} from './outcome.js';
export {
  conflictSetId,
  decisionId,
  deviceSettingsId,
  domainId,
  jobId,
  labelId,
  Paths,
  policyId,
  poolId,
  serviceName,
  settingsId,
} from './paths.js';
export { veiled } from './veiled.js';
export { actorOf, elementFacts, operationalFacts, serviceValues } from './values.js';
