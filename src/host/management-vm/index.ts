export { type ManagementVm, openManagementVm } from './management-vm.js';
export { type ManagementVmOptions, type VtpmChoice, vtpmChoices } from './options.js';
