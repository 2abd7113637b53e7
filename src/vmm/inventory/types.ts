/** Where a virtual machine is in its life. */
export const vmStates = ['off', 'running', 'paused', 'saved'] as const;
export type VmState = (typeof vmStates)[number];

export const criticalities = ['low', 'medium', 'high'] as const;
export type Criticality = (typeof criticalities)[number];

/** A disk of a virtual machine: a device that shows a volume. */
export interface Disk {
  readonly id: string;
  readonly volume: string;
}

/** A network interface on a labelled VLAN. */
export interface Port {
  readonly id: string;
  readonly mac: string;
  readonly vlanId: number;
}

/** A virtual machine as it is configured and as it stands. Identifiers are UUIDs, times milliseconds since 1970. */
export interface VirtualMachine {
  readonly uuid: string;
  readonly name: string;
  readonly memoryMiB: number;
  readonly processors: number;
  readonly criticality: Criticality;
  /** Accepted as one that may hold several types, and so carry data between workloads. Absent: not accepted. */
  readonly trusted?: boolean;
  readonly disks: readonly Disk[];
  readonly ports: readonly Port[];
  readonly tpm: boolean;
  /** Folder of the image that is measured at boot; null: the VM boots nothing that we could measure. */
  readonly image: string | null;
  readonly state: VmState;
  readonly createdAt: number;
  readonly changedAt: number;
}

/** A volume that VMs may use as a disk. `resource` is its ACM name (`file:/path`, `phy:/dev/x`). */
export interface Volume {
  readonly uuid: string;
  readonly name: string;
  readonly resource: string;
  readonly sizeBytes: number;
  /** A virtual machine could have written to it since it was made or erased. */
  readonly used: boolean;
  readonly erasedAt: number | null;
}

/** A VLAN of this host; its ACM name is `vlan:<id>`. */
export interface Vlan {
  readonly id: number;
  readonly name: string;
}

export function vlanResource(id: number): string {
  return `vlan:${id}`;
}

/** The host itself. */
export interface HostIdentity {
  readonly uuid: string;
  readonly name: string;
}
