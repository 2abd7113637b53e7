import { createHash, createPublicKey } from 'node:crypto';
import * as asn1js from 'asn1js';
import { type AltName, Certificate, type Extension } from 'pkijs';
import { toHex } from '../../base/index.js';
import { nameText } from './distinguished-name.js';
import { CertificateError } from './errors.js';
import { dottedOid, keyUsages, oids, signatureAlgorithms } from './oids.js';
import type {
  AttestationKeyFacts,
  CertificateFacts,
  HostFacts,
  TpmModelFacts,
  TpmSpecificationFacts,
  VirtualTpmFacts,
} from './types.js';

/** Larger certificates are refused unread. */
const maximumSize = 65_536;

const knownExtensions: ReadonlySet<string> = new Set([
  oids.subjectDirectoryAttributes,
  oids.subjectKeyId,
  oids.keyUsage,
  oids.subjectAltName,
  oids.basicConstraints,
  oids.authorityKeyId,
  oids.extendedKeyUsage,
  oids.virtualTpm,
  oids.host,
  oids.attestationKey,
]);

/** DER of one PEM block, or the octets themselves. @throws CertificateError `certificate_unreadable` */
export function derOf(input: Uint8Array | string, label = 'CERTIFICATE'): Uint8Array {
  if (typeof input !== 'string') return input;
  const match = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(
    input.slice(0, 4 * maximumSize),
  );
  if (match?.[1] === undefined) throw new CertificateError('certificate_unreadable', `expected a PEM block ${label}`);
  return new Uint8Array(Buffer.from(match[1], 'base64'));
}

/** PEM of DER. */
export function toPem(der: Uint8Array, label = 'CERTIFICATE'): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

const blocks = {
  CERTIFICATE: /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g,
  'X509 CRL': /-----BEGIN X509 CRL-----[A-Za-z0-9+/=\s]+-----END X509 CRL-----/g,
} as const;

/** All certificates, or all revocation lists, of a PEM text, in order. @throws CertificateError `certificate_unreadable` */
export function splitPem(text: string, label: keyof typeof blocks = 'CERTIFICATE'): readonly Uint8Array[] {
  return (text.match(blocks[label]) ?? []).map((block) => derOf(block, label));
}

/**
 * Reads a certificate, DER or PEM. Verifies nothing: see {@link verifyChain}.
 * @throws CertificateError `certificate_unreadable`
 */
export function readCertificate(input: Uint8Array | string): CertificateFacts {
  const bytes = derOf(input);
  if (bytes.length > maximumSize)
    throw new CertificateError('certificate_unreadable', `expected at most ${maximumSize} bytes`);
  try {
    return factsOf(bytes);
  } catch (cause) {
    if (cause instanceof CertificateError) throw cause;
    throw new CertificateError('certificate_unreadable', 'expected an X.509 certificate', { cause });
  }
}

function factsOf(bytes: Uint8Array): CertificateFacts {
  const certificate = Certificate.fromBER(Uint8Array.from(bytes).buffer);
  const extensions = new Map((certificate.extensions ?? []).map((found) => [dottedOid(found.extnID), found]));
  const publicKeyDer = new Uint8Array(certificate.subjectPublicKeyInfo.toSchema().toBER());
  const algorithm = certificate.signatureAlgorithm.algorithmId;
  const basic = parsed<{ cA: boolean; pathLenConstraint?: number | object }>(extensions.get(oids.basicConstraints));
  const names = parsed<AltName>(extensions.get(oids.subjectAltName));
  return {
    der: bytes,
    pem: toPem(bytes),
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    subjectDer: new Uint8Array(certificate.subject.toSchema().toBER()),
    serial: serialText(certificate.serialNumber),
    notBefore: certificate.notBefore.value.getTime(),
    notAfter: certificate.notAfter.value.getTime(),
    isCa: basic?.cA === true,
    pathLength: typeof basic?.pathLenConstraint === 'number' ? basic.pathLenConstraint : null,
    keyUsage: readKeyUsage(extensions.get(oids.keyUsage)),
    extendedKeyUsage: parsed<{ keyPurposes: string[] }>(extensions.get(oids.extendedKeyUsage))?.keyPurposes ?? null,
    publicKey: createPublicKey({ key: Buffer.from(publicKeyDer), format: 'der', type: 'spki' }),
    publicKeyDer,
    subjectKeyId: readKeyId(parsed<asn1js.OctetString>(extensions.get(oids.subjectKeyId))),
    authorityKeyId: readKeyId(
      parsed<{ keyIdentifier?: asn1js.OctetString }>(extensions.get(oids.authorityKeyId))?.keyIdentifier,
    ),
    fingerprint: createHash('sha256').update(bytes).digest('hex'),
    signatureAlgorithm: signatureAlgorithms[algorithm] ?? algorithm,
    names: (names?.altNames ?? []).flatMap(({ type, value }) => nameOfAlternative(type, value)),
    unknownCritical: [...extensions]
      .filter(([oid, { critical }]) => critical && !knownExtensions.has(oid))
      .map(([oid]) => oid),
    tpmModel: readModel(names),
    tpmSpecification: readSpecification(extensions.get(oids.subjectDirectoryAttributes)),
    virtualTpm: readVirtual(extensions.get(oids.virtualTpm)),
    host: readHost(extensions.get(oids.host)),
    attestationKey: readAttestationKey(extensions.get(oids.attestationKey)),
  };
}

function parsed<T>(found: Extension | undefined): T | undefined {
  return found?.parsedValue as T | undefined;
}

/** Hex without leading zeros, as revocation lists are searched by. */
export function serialText(serial: asn1js.Integer): string {
  const text = toHex(serial.valueBlock.valueHexView).replace(/^0+/, '');
  return text === '' ? '0' : text;
}

function readKeyId(found: asn1js.OctetString | undefined): string | null {
  return found === undefined ? null : toHex(found.valueBlock.valueHexView);
}

function readKeyUsage(found: Extension | undefined): readonly string[] | null {
  if (found === undefined) return null;
  const octets = (found.parsedValue as asn1js.BitString).valueBlock.valueHexView;
  return keyUsages.filter((_, n) => (((octets[n >> 3] ?? 0) >> (7 - (n & 7))) & 1) === 1);
}

function nameOfAlternative(type: number, value: unknown): readonly string[] {
  if (type === 2 && typeof value === 'string') return [value];
  if (type !== 7) return [];
  const octets = (value as asn1js.OctetString).valueBlock.valueHexView;
  if (octets.length === 4) return [octets.join('.')];
  const words = toHex(octets).match(/.{4}/g) ?? [];
  return [words.map((word) => word.replace(/^0{1,3}/, '')).join(':')];
}

function readModel(names: AltName | undefined): TpmModelFacts | null {
  for (const { type, value } of names?.altNames ?? []) {
    if (type !== 4) continue;
    const found = new Map(
      (value as { typesAndValues: { type: string; value: { valueBlock: { value: unknown } } }[] }).typesAndValues.map(
        (part) => [part.type, String(part.value.valueBlock.value)],
      ),
    );
    const manufacturer = found.get(oids.tpmManufacturer);
    if (manufacturer === undefined) continue;
    return { manufacturer, model: found.get(oids.tpmModel) ?? '', version: found.get(oids.tpmVersion) ?? '' };
  }
  return null;
}

/** Elements of a SEQUENCE or SET inside an extension's octets. */
function childrenOf(node: asn1js.AsnType | undefined): readonly asn1js.AsnType[] {
  return node instanceof asn1js.Sequence || node instanceof asn1js.Set ? node.valueBlock.value : [];
}

function valueOf(found: Extension | undefined): asn1js.AsnType | undefined {
  return found === undefined ? undefined : asn1js.fromBER(found.extnValue.valueBlock.valueHexView).result;
}

function readSpecification(found: Extension | undefined): TpmSpecificationFacts | null {
  for (const attribute of childrenOf(valueOf(found))) {
    const [type, values] = childrenOf(attribute);
    if (!(type instanceof asn1js.ObjectIdentifier) || type.getValue() !== oids.tpmSpecification) continue;
    const [family, level, revision] = childrenOf(childrenOf(values)[0]);
    if (
      !(family instanceof asn1js.Utf8String) ||
      !(level instanceof asn1js.Integer) ||
      !(revision instanceof asn1js.Integer)
    )
      continue;
    return { family: family.getValue(), level: level.valueBlock.valueDec, revision: revision.valueBlock.valueDec };
  }
  return null;
}

/** The texts of a SEQUENCE of UTF8String, as our own extensions are. @throws CertificateError `certificate_unreadable` */
function textsOf(found: Extension, count: number): readonly string[] {
  const texts = childrenOf(valueOf(found)).map((node) => (node instanceof asn1js.Utf8String ? node.getValue() : null));
  if (texts.length !== count || texts.includes(null)) {
    throw new CertificateError('certificate_unreadable', `extension ${found.extnID} is not as it must be`);
  }
  return texts as readonly string[];
}

function readVirtual(found: Extension | undefined): VirtualTpmFacts | null {
  if (found === undefined) return null;
  const [backend = '', vmUuid = '', vtpmUuid = ''] = textsOf(found, 3);
  return { backend, vmUuid, vtpmUuid };
}

function readHost(found: Extension | undefined): HostFacts | null {
  if (found === undefined) return null;
  const [hostUuid = '', hostEkHash = ''] = textsOf(found, 2);
  return { hostUuid, hostEkHash };
}

function readAttestationKey(found: Extension | undefined): AttestationKeyFacts | null {
  if (found === undefined) return null;
  const [vmUuid = '', akName = '', ekHash = ''] = textsOf(found, 3);
  return { vmUuid, akName, ekHash };
}
