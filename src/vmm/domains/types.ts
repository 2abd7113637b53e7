/** A group of management VMs that is administered with one policy. */
export interface VirtualDatacenter {
  readonly name: string;
  readonly policyName: string | null;
  /** Hosts of the group; this host's object manager knows only whether it belongs itself. */
  readonly hosts: readonly string[];
}

/** A Trusted Virtual Domain: the VMs and resources of one workload. Who belongs to it follows from labels. */
export interface TrustedVirtualDomain {
  readonly uuid: string;
  readonly name: string;
  readonly datacenter: string;
  /** An element belongs to the domain if its label has one of these types. */
  readonly types: readonly string[];
}
