import { join } from 'node:path';
import type { HostParts, VmSpec } from '../../vmm/index.js';
import { createVlan, createVolume, defineVm } from '../../vmm/index.js';
import { sampleServicePath, writeSampleImage } from './image.js';

const installer = { user: 'system' };
const diskBytes = 1 << 20;

interface SampleVm {
  readonly name: string;
  readonly vlan: number | null;
  readonly tampered: boolean;
  readonly criticality: VmSpec['criticality'];
}

/** The virtual machines of the sample: two workloads that run here, one that may not, one that was tampered with. */
const sampleVms: readonly SampleVm[] = [
  { name: 'ma-1', vlan: 100, tampered: false, criticality: 'medium' },
  { name: 'ma-2', vlan: 100, tampered: true, criticality: 'high' },
  { name: 'su-1', vlan: 200, tampered: false, criticality: 'medium' },
  { name: 'ms-1', vlan: null, tampered: false, criticality: 'low' },
];

/** Name of the disk of a sample VM. */
function diskOf(vm: string): string {
  return `${vm}-disk`;
}

/**
 * Puts the sample datacenter on an empty host: Market Analysis (ma), Security Underwriting (su) and Marketing (ms) with
 * disks and VLANs, nothing labelled yet. Does nothing where virtual machines exist.
 */
export async function installSample(parts: HostParts, folder: string): Promise<void> {
  if (!parts.inventory.vms().next().done) return;
  await createVlan(parts, installer, 100, 'Market Analysis');
  await createVlan(parts, installer, 200, 'Security Underwriting');
  for (const vm of sampleVms) {
    const image = join(folder, 'images', vm.name);
    writeSampleImage(image, { tamperedPath: vm.tampered ? sampleServicePath : null });
    const volume = await createVolume(parts, installer, diskOf(vm.name), diskBytes);
    await defineVm(parts, installer, {
      name: vm.name,
      label: null,
      memoryMiB: 256,
      processors: 1,
      volumes: [volume.uuid],
      vlans: vm.vlan === null ? [] : [vm.vlan],
      tpm: true,
      image,
      criticality: vm.criticality,
    });
  }
  await createVolume(parts, installer, 'spare-disk', diskBytes);
}
