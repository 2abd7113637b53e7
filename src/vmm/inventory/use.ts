import type { VirtualMachine, Volume } from './types.js';

/** What virtual machines and volumes hold of the host's resources. */
export interface ResourceUse {
  /** Of those that run or are paused. */
  readonly memoryMiB: number;
  readonly processors: number;
  readonly ports: number;
  /** Of all: a virtual TPM and a volume are there while their machine is off, too. */
  readonly tpms: number;
  readonly volumeBytes: number;
}

export const nothingUsed: ResourceUse = { memoryMiB: 0, processors: 0, ports: 0, tpms: 0, volumeBytes: 0 };

export function useOfVm(vm: VirtualMachine): ResourceUse {
  const tpms = vm.tpm ? 1 : 0;
  if (vm.state !== 'running' && vm.state !== 'paused') return { ...nothingUsed, tpms };
  return { memoryMiB: vm.memoryMiB, processors: vm.processors, ports: vm.ports.length, tpms, volumeBytes: 0 };
}

export function useOfVolume(volume: Volume): ResourceUse {
  return { ...nothingUsed, volumeBytes: volume.sizeBytes };
}

export function sumOfUse(a: ResourceUse, b: ResourceUse): ResourceUse {
  return {
    memoryMiB: a.memoryMiB + b.memoryMiB,
    processors: a.processors + b.processors,
    ports: a.ports + b.ports,
    tpms: a.tpms + b.tpms,
    volumeBytes: a.volumeBytes + b.volumeBytes,
  };
}

export function withoutUse(a: ResourceUse, b: ResourceUse): ResourceUse {
  return {
    memoryMiB: a.memoryMiB - b.memoryMiB,
    processors: a.processors - b.processors,
    ports: a.ports - b.ports,
    tpms: a.tpms - b.tpms,
    volumeBytes: a.volumeBytes - b.volumeBytes,
  };
}
