import { type CimInstancePath, createInstancePath } from '../../cim/model/index.js';

/** What names a management profile: one instance of CIM_RegisteredProfile. */
export interface ProfileIdentity {
  /** RegisteredOrganization: 2 DMTF, 1 Other. */
  readonly organization: number;
  /** Title, exactly as published. */
  readonly name: string;
  /** `M.N.U`. */
  readonly version: string;
}

const systemClass = 'CIM_ComputerSystem';

/** Class of the mechanism by which the object manager is reached. */
export const mechanismClass = 'CIM_CIMXMLCommunicationMechanism';

/** Names of the instances that describe the object manager; relative, in `root/interop`. */
export class InteropPaths {
  readonly #systemName: string;

  constructor(systemName: string) {
    this.#systemName = systemName;
  }

  #hosted(className: string, name: string): CimInstancePath {
    return createInstancePath(className, {
      SystemCreationClassName: systemClass,
      SystemName: this.#systemName,
      CreationClassName: className,
      Name: name,
    });
  }

  system(): CimInstancePath {
    return createInstancePath(systemClass, { CreationClassName: systemClass, Name: this.#systemName });
  }

  objectManager(): CimInstancePath {
    return this.#hosted('CIM_ObjectManager', `TVDC:${this.#systemName}`);
  }

  namespace(name: string): CimInstancePath {
    return createInstancePath('CIM_Namespace', {
      SystemCreationClassName: systemClass,
      SystemName: this.#systemName,
      ObjectManagerCreationClassName: 'CIM_ObjectManager',
      ObjectManagerName: `TVDC:${this.#systemName}`,
      CreationClassName: 'CIM_Namespace',
      Name: name,
    });
  }

  /** @param url at which the object manager answers */
  mechanism(url: string): CimInstancePath {
    return this.#hosted(mechanismClass, `TVDC:${url}`);
  }

  indicationService(): CimInstancePath {
    return this.#hosted('CIM_IndicationService', 'TVDC:IndicationService');
  }

  indicationCapabilities(): CimInstancePath {
    return createInstancePath('CIM_IndicationServiceCapabilities', { InstanceID: 'TVDC:IndicationService' });
  }

  wbemServer(): CimInstancePath {
    return this.#hosted('CIM_WBEMServer', `TVDC:${this.#systemName}`);
  }

  wbemServerCapabilities(): CimInstancePath {
    return createInstancePath('CIM_WBEMServerCapabilities', { InstanceID: 'TVDC:WBEMServer' });
  }

  wbemServerNamespace(name: string): CimInstancePath {
    return createInstancePath('CIM_WBEMServerNamespace', { InstanceID: `TVDC:${name}` });
  }

  protocolService(): CimInstancePath {
    return this.#hosted('CIM_ProtocolService', 'TVDC:CIM-XML');
  }

  cimXmlCapabilities(): CimInstancePath {
    return createInstancePath('CIM_CIMXMLCapabilities', { InstanceID: 'TVDC:CIM-XML' });
  }

  queryCapabilities(): CimInstancePath {
    return createInstancePath('CIM_QueryCapabilities', { InstanceID: 'TVDC:QueryCapabilities' });
  }

  /** @param id InstanceID */
  statistics(id: string): CimInstancePath {
    return createInstancePath('CIM_CIMOMStatisticalData', { InstanceID: id });
  }

  profile(profile: ProfileIdentity): CimInstancePath {
    return createInstancePath('CIM_RegisteredProfile', { InstanceID: profileId(profile) });
  }
}

const dmtf = 2;

/** Ours are named `TVDC:<name>:<version>`; those of the DMTF say so. */
export function profileId({ organization, name, version }: ProfileIdentity): string {
  return organization === dmtf ? `TVDC:DMTF:${name}:${version}` : `TVDC:${name}:${version}`;
}
