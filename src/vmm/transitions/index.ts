export { addDevices, type AddedDevice, removeDevice, type WantedDevice } from './add-devices.js';
export { cloneVm, type CloneChanges } from './clone.js';
export { requireHere } from './common.js';
export {
  defineVm,
  destroyVm,
  isUuid,
  mostMemoryMiB,
  mostProcessors,
  type ResourceLabel,
  type VmSpec,
  type VolumeSpec,
} from './define.js';
export { attachDisk, connectVlan, detachDisk, disconnectPort } from './devices.js';
export { examineArrival, examineStart, type Newcomer, type Obstacle } from './examine-start.js';
export { changeLabel, type LabelTarget } from './label.js';
export { saveVm, stopVm } from './leave.js';
export { pauseVm, unpauseVm } from './pause.js';
export { resetVm } from './reset.js';
export { restoreVm, startVm } from './start.js';
export { modifyVm, type PortChange, type VmChange } from './modify.js';
export { createVmTpm, destroyVmTpm } from './modify-tpm.js';
