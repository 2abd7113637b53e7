export { cloneVm } from './clone.js';
export { changeCriticality, defineVm, destroyVm, type VmSpec } from './define.js';
export { attachDisk, connectVlan, detachDisk, disconnectPort } from './devices.js';
export { changeLabel, type LabelTarget } from './label.js';
export { saveVm, stopVm } from './leave.js';
export { pauseVm, unpauseVm } from './pause.js';
export { resetVm } from './reset.js';
export { restoreVm, startVm } from './start.js';
