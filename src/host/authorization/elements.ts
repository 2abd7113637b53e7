import { hash, toHex } from '../../base/index.js';
import { type CimInstancePath, stringKey } from '../../cim/index.js';
import type { HostParts } from '../../vmm/index.js';

/** What an instance is, or is a part of, as far as scopes are concerned. */
export type ScopedElement =
  | { readonly kind: 'vm' | 'volume' | 'domain'; readonly id: string }
  | { readonly kind: 'vlan'; readonly id: number }
  | { readonly kind: 'record' | 'job'; readonly id: string }
  /** The datacenter's common knowledge: the host, its services, policies, labels. */
  | { readonly kind: 'common' }
  /** Nothing that is here. */
  | { readonly kind: 'unknown' };

/** What of the host itself everybody with a role may see, although virtual machines have the like. */
export interface HostElements {
  readonly tpm: string;
  /** DER. */
  readonly certificates: readonly Uint8Array[];
}

const common: ScopedElement = { kind: 'common' };
const unknown: ScopedElement = { kind: 'unknown' };

function after(text: string, pattern: RegExp): string {
  return pattern.exec(text)?.[1] ?? '';
}

/** Tells which element of a workload a path names. */
export function createElementFinder(parts: HostParts, host: HostElements): (path: CimInstancePath) => ScopedElement {
  const digests = new WeakMap<Uint8Array, string>();
  const digestOf = (der: Uint8Array): string => {
    let digest = digests.get(der);
    if (digest === undefined) {
      digest = toHex(hash('sha256', der));
      digests.set(der, digest);
    }
    return digest;
  };
  const hostCertificates = new Set(host.certificates.map(digestOf));

  const ofSystem = (uuid: string): ScopedElement => (uuid === parts.identity.uuid ? common : { kind: 'vm', id: uuid });
  const ofTpm = (uuid: string): ScopedElement => {
    if (uuid === host.tpm) return common;
    const tpm = parts.vtpms.find(uuid);
    return tpm === undefined ? unknown : { kind: 'vm', id: tpm.vmUuid };
  };
  const ofCertificate = (digest: string): ScopedElement => {
    if (hostCertificates.has(digest)) return common;
    for (const tpm of parts.vtpms.list()) {
      const at = tpm.identity.ekCertificateChain.findIndex((der) => digestOf(der) === digest);
      if (at === 0) return { kind: 'vm', id: tpm.vmUuid };
      if (at > 0) return common;
    }
    return unknown;
  };

  return (path) => {
    const key = (name: string): string => stringKey(path, name) ?? '';
    switch (path.className.toLowerCase()) {
      case 'tvdc_computersystem':
        return { kind: 'vm', id: key('Name') };
      case 'tvdc_storagevolume':
        return { kind: 'volume', id: key('DeviceID') };
      case 'tvdc_vlan':
        return { kind: 'vlan', id: Number(after(key('InstanceID'), /:vlan:(\d+)$/) || -1) };
      case 'tvdc_softwarebridge':
        return { kind: 'vlan', id: Number(after(key('Name'), /:br-vlan(\d+)$/) || -1) };
      case 'tvdc_softwarebridgesettingdata':
        return { kind: 'vlan', id: Number(after(key('InstanceID'), /:br-vlan(\d+)$/) || -1) };
      case 'tvdc_virtualsystemsettingdata':
      case 'tvdc_storageallocationsettingdata':
      case 'tvdc_ethernetportallocationsettingdata':
      case 'tvdc_memoryallocationsettingdata':
      case 'tvdc_processorallocationsettingdata':
      case 'tvdc_tpmallocationsettingdata':
        return { kind: 'vm', id: after(key('InstanceID'), /^TVDC:([^/]+)/) };
      case 'tvdc_logicaldisk':
      case 'tvdc_ethernetport':
      case 'tvdc_memory':
      case 'tvdc_processor':
      case 'tvdc_vlanendpoint':
      case 'tvdc_virtualtpm':
        return { kind: 'vm', id: key('SystemName') };
      case 'tvdc_measurementlog':
      case 'tvdc_measuremententry':
        return ofSystem(after(key('InstanceID'), /^TVDC:ima:([^:]+)/));
      case 'tvdc_pcr':
        return ofTpm(after(key('InstanceID'), /^TVDC:(.+):pcr:/));
      case 'tvdc_certificate':
        return ofCertificate(after(key('InstanceID'), /^TVDC:cert:(.+)$/));
      case 'tvdc_trustedvirtualdomain':
        return { kind: 'domain', id: after(key('InstanceID'), /^TVDC:tvd:(.+)$/) };
      case 'tvdc_migrationrecord':
        return { kind: 'vm', id: after(key('InstanceID'), /^TVDC:migration:([^:]+):/) };
      case 'tvdc_accessdecision':
        return { kind: 'record', id: after(key('InstanceID'), /^TVDC:decision:(.+)$/) };
      case 'tvdc_concretejob':
        return { kind: 'job', id: after(key('InstanceID'), /^TVDC:job:(.+)$/) };
      case 'cim_identity':
      case 'tvdc_rolegrant':
        return unknown;
      default:
        return common;
    }
  };
}
