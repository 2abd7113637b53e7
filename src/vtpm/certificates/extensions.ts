import { hash, fromHex } from '../../base/index.js';
import { der } from './der.js';
import { type KeyUsage, keyUsages, oids } from './oids.js';
import type { AttestationKeyFacts, HostFacts, TpmModelFacts, TpmSpecificationFacts, VirtualTpmFacts } from './types.js';

/** One extension of a certificate to be made: identifier, criticality, DER of its value. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

function extension(oid: string, critical: boolean, value: Parameters<typeof der.encode>[0]): Extension {
  return { oid, critical, value: der.encode(value) };
}

export function basicConstraints(ca: boolean, pathLength: number | null): Extension {
  const parts = ca ? [der.boolean(true), ...(pathLength === null ? [] : [der.integer(pathLength)])] : [];
  return extension(oids.basicConstraints, true, der.sequence(...parts));
}

export function keyUsage(...usages: readonly KeyUsage[]): Extension {
  const positions = usages.map((usage) => keyUsages.indexOf(usage));
  const last = Math.max(...positions);
  const bits = new Uint8Array(Math.floor(last / 8) + 1);
  for (const position of positions) bits[position >> 3] = (bits[position >> 3] as number) | (0x80 >> (position & 7));
  return extension(oids.keyUsage, true, der.bits(bits, 7 - (last & 7)));
}

export function extendedKeyUsage(...usages: readonly string[]): Extension {
  return extension(oids.extendedKeyUsage, false, der.sequence(...usages.map((usage) => der.oid(usage))));
}

/** Key identifier: SHA-1 of the key's bits, as RFC 5280, 4.2.1.2, method 1 has it; it protects nothing. */
export function keyIdOf(publicKeyDer: Uint8Array): Uint8Array {
  const info = der.raw(publicKeyDer);
  const bits = (info.valueBlock as unknown as { value: { valueBlock: { valueHexView: Uint8Array } }[] }).value[1];
  return hash('sha1', bits?.valueBlock.valueHexView ?? publicKeyDer);
}

export function subjectKeyId(publicKeyDer: Uint8Array): Extension {
  return extension(oids.subjectKeyId, false, der.octets(keyIdOf(publicKeyDer)));
}

export function authorityKeyId(keyId: Uint8Array): Extension {
  return extension(oids.authorityKeyId, false, der.sequence(der.taggedOctets(0, keyId)));
}

/** TPM manufacturer, model and version as one directory name (TCG EK Credential Profile, 3.1.2). */
export function tpmModelName({ manufacturer, model, version }: TpmModelFacts): Extension {
  const part = (type: string, value: string) => der.set(der.sequence(der.oid(type), der.utf8(value)));
  const name = der.sequence(
    part(oids.tpmManufacturer, manufacturer),
    part(oids.tpmModel, model),
    part(oids.tpmVersion, version),
  );
  return extension(oids.subjectAltName, false, der.sequence(der.tagged(4, name)));
}

/** TPM specification as a subject directory attribute (TCG EK Credential Profile, 3.1.3). */
export function tpmSpecification({ family, level, revision }: TpmSpecificationFacts): Extension {
  const facts = der.sequence(der.utf8(family), der.integer(level), der.integer(revision));
  return extension(
    oids.subjectDirectoryAttributes,
    false,
    der.sequence(der.sequence(der.oid(oids.tpmSpecification), der.set(facts))),
  );
}

/** DNS names and IP addresses of a server. */
export function serverNames(names: readonly string[]): Extension {
  const entries = names.map((name) => {
    const address = addressOctets(name);
    return address === null ? der.taggedOctets(2, Buffer.from(name, 'ascii')) : der.taggedOctets(7, address);
  });
  return extension(oids.subjectAltName, false, der.sequence(...entries));
}

function addressOctets(name: string): Uint8Array | null {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(name)) return Uint8Array.from(name.split('.').map(Number));
  if (!name.includes(':')) return null;
  const [head = '', tail] = name.split('::');
  const words = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const middle = tail === undefined ? [] : Array.from({ length: 8 - front.length - back.length }, () => '0');
  return fromHex([...front, ...middle, ...back].map((word) => word.padStart(4, '0')).join(''));
}

export function virtualTpmMark({ backend, vmUuid, vtpmUuid }: VirtualTpmFacts): Extension {
  return extension(oids.virtualTpm, false, der.sequence(der.utf8(backend), der.utf8(vmUuid), der.utf8(vtpmUuid)));
}

export function hostMark({ hostUuid, hostEkHash }: HostFacts): Extension {
  return extension(oids.host, false, der.sequence(der.utf8(hostUuid), der.utf8(hostEkHash)));
}

export function attestationKeyMark({ vmUuid, akName, ekHash }: AttestationKeyFacts): Extension {
  return extension(oids.attestationKey, false, der.sequence(der.utf8(vmUuid), der.utf8(akName), der.utf8(ekHash)));
}
