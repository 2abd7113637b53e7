import { type CimInstancePath, createInstancePath } from '../../cim/index.js';
import type { HostIdentity, JobElement, JobService, VirtualMachine, Vlan, Volume } from '../../vmm/index.js';

/** Paths of the instances that associations and methods name: the one place that knows their keys. */
export class Paths {
  readonly #host: HostIdentity;
  readonly #namespace: string;

  constructor(host: HostIdentity, namespace: string) {
    this.#host = host;
    this.#namespace = namespace;
  }

  #path(className: string, keys: Readonly<Record<string, string | CimInstancePath>>): CimInstancePath {
    return createInstancePath(className, keys, { namespace: this.#namespace });
  }

  host(): CimInstancePath {
    return this.#path('TVDC_HostSystem', { CreationClassName: 'TVDC_HostSystem', Name: this.#host.uuid });
  }

  /** Something with an InstanceID. */
  byId(className: string, id: string): CimInstancePath {
    return this.#path(className, { InstanceID: id });
  }

  /** Key properties of something that the host itself scopes: services, endpoints. */
  hosted(className: string, name: string): Readonly<Record<string, string>> {
    return {
      SystemCreationClassName: 'TVDC_HostSystem',
      SystemName: this.#host.uuid,
      CreationClassName: className,
      Name: name,
    };
  }

  service(className: string): CimInstancePath {
    return this.#path(className, this.hosted(className, serviceName(className)));
  }

  vm(uuid: string): CimInstancePath {
    return this.#path('TVDC_ComputerSystem', { CreationClassName: 'TVDC_ComputerSystem', Name: uuid });
  }

  settings(vm: VirtualMachine): CimInstancePath {
    return this.byId('TVDC_VirtualSystemSettingData', settingsId(vm.uuid));
  }

  /** Key properties of a device; `system` is `host` or the UUID of a virtual machine. */
  deviceKeys(className: string, system: string, deviceId: string): Readonly<Record<string, string>> {
    const ofHost = system === 'host';
    return {
      SystemCreationClassName: ofHost ? 'TVDC_HostSystem' : 'TVDC_ComputerSystem',
      SystemName: ofHost ? this.#host.uuid : system,
      CreationClassName: className,
      DeviceID: deviceId,
    };
  }

  device(className: string, system: string, deviceId: string): CimInstancePath {
    return this.#path(className, this.deviceKeys(className, system, deviceId));
  }

  volume(volume: Volume): CimInstancePath {
    return this.device('TVDC_StorageVolume', 'host', volume.uuid);
  }

  vlan(vlan: Vlan): CimInstancePath {
    return this.byId('TVDC_VLAN', this.vlanId(vlan.id));
  }

  vlanId(id: number): string {
    return `TVDC:${this.#host.uuid}:vlan:${id}`;
  }

  job(id: string): CimInstancePath {
    return this.byId('TVDC_ConcreteJob', jobId(id));
  }

  /** What a job belongs to or acts on. */
  jobElement(element: JobElement): CimInstancePath {
    switch (element.kind) {
      case 'vm':
        return this.vm(element.id);
      case 'volume':
        return this.device('TVDC_StorageVolume', 'host', element.id);
      case 'domain':
        return this.domain(element.id);
      case 'vlan':
        return this.byId('TVDC_VLAN', this.vlanId(element.id));
      case 'service':
        return this.service(serviceOfJobs[element.id]);
    }
  }

  /** The host's one pool of a kind of resource. */
  pool(kind: string): CimInstancePath {
    return this.byId('TVDC_ResourcePool', this.poolInstanceId(kind));
  }

  /** InstanceID of what can be allocated of a kind of resource. */
  allocationId(kind: string): string {
    return `TVDC:${this.#host.uuid}:allocation:${kind}`;
  }

  poolInstanceId(kind: string): string {
    return `TVDC:${this.#host.uuid}:pool:${kind}`;
  }

  datacenter(name: string): CimInstancePath {
    return this.#path('TVDC_VirtualDatacenter', { CreationClassName: 'TVDC_VirtualDatacenter', Name: name });
  }

  domain(uuid: string): CimInstancePath {
    return this.byId('TVDC_TrustedVirtualDomain', domainId(uuid));
  }

  label(policy: string, version: string, kind: 'VM' | 'RES', label: string): CimInstancePath {
    return this.byId('TVDC_SecurityLabel', labelId(policy, version, kind, label));
  }

  conflictSet(policy: string, version: string, set: string): CimInstancePath {
    return this.byId('TVDC_ConflictSet', conflictSetId(policy, version, set));
  }

  policy(name: string, version: string): CimInstancePath {
    return this.byId('TVDC_SecurityPolicy', policyId(name, version));
  }
}

const serviceOfJobs: Readonly<Record<JobService, string>> = {
  machines: 'TVDC_VirtualSystemManagementService',
  storage: 'TVDC_StorageErasureService',
  domains: 'TVDC_TrustedVirtualDomainService',
  migration: 'TVDC_VirtualSystemMigrationService',
};

/** Name of the one service of a class on a host. */
export function serviceName(className: string): string {
  return className.replace(/^TVDC_/, 'TVDC:');
}

export function settingsId(vm: string): string {
  return `TVDC:${vm}`;
}

export function deviceSettingsId(vm: string, device: string): string {
  return `TVDC:${vm}/${device}`;
}

/** PoolID of the host's one pool of a kind of resource. */
export function poolId(kind: string): string {
  return `TVDC:${kind}`;
}

export function domainId(uuid: string): string {
  return `TVDC:tvd:${uuid}`;
}

export function jobId(id: string): string {
  return `TVDC:job:${id}`;
}

/** InstanceID of the TVDC_AccessDecision of a record in the journal. */
export function decisionId(recordId: string): string {
  return `TVDC:decision:${recordId}`;
}

export function policyId(name: string, version: string): string {
  return `TVDC:policy:${name}:${version}`;
}

export function labelId(policy: string, version: string, kind: 'VM' | 'RES', label: string): string {
  return `TVDC:label:${policy}:${version}:${kind}:${label}`;
}

export function conflictSetId(policy: string, version: string, set: string): string {
  return `TVDC:conflict:${policy}:${version}:${set}`;
}
