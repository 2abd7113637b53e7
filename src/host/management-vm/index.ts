export { type ManagementVm, openManagementVm } from './management-vm.js';
export { type ManagementVmOptions, type VtpmChoice, vtpmChoices } from './options.js';
export {
  acceptFolder,
  examineStates,
  hasSealedKey,
  type ProtectedFolder,
  type ProtectionReport,
  recoveryKeyOf,
} from './state-protection.js';
