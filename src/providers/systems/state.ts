import type { Criticality, VirtualMachine, VmState } from '../../vmm/index.js';

/** CIM_EnabledLogicalElement.EnabledState of each state. */
export const enabledStates: Readonly<Record<VmState, number>> = { running: 2, off: 3, saved: 6, paused: 9 };

/** EnabledState of a machine that runs and whose guest shuts down. */
export const shuttingDown = 4;

/** Values of TVDC_ComputerSystem.Criticality. */
export const criticalityValues: Readonly<Record<Criticality, number>> = { low: 2, medium: 3, high: 4 };

/** RequestedState values that a state accepts (DSP1057). */
export function requestableStates(state: VmState): readonly number[] {
  switch (state) {
    case 'off':
      return [2];
    case 'running':
      return [3, 4, 6, 9, 10, 11];
    case 'paused':
      return [2, 3, 6];
    case 'saved':
      return [2, 3];
  }
}

/** EnabledState of the devices of a virtual machine: on while it runs. */
export function deviceState(vm: VirtualMachine): number {
  return vm.state === 'running' ? enabledStates.running : enabledStates.off;
}
