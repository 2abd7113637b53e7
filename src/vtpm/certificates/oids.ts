/** Arc of this project's extensions, below 2.25 (ITU-T X.667: UUIDs as object identifiers). */
const arc = '2.25.277438785146600999208886067459462205039';

/** Object identifiers in certificates: RFC 5280, TCG EK Credential Profile, and our own. */
export const oids = {
  ecdsaSha256: '1.2.840.10045.4.3.2',
  ecdsaSha384: '1.2.840.10045.4.3.3',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  country: '2.5.4.6',
  subjectDirectoryAttributes: '2.5.29.9',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  crlReason: '2.5.29.21',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  tpmManufacturer: '2.23.133.2.1',
  tpmModel: '2.23.133.2.2',
  tpmVersion: '2.23.133.2.3',
  tpmSpecification: '2.23.133.2.16',
  ekCertificate: '2.23.133.8.1',
  akCertificate: '2.23.133.8.3',
  /** Marks the certificate of a virtual TPM: back end, VM, TPM. */
  virtualTpm: `${arc}.1`,
  /** In an issuing authority: the host for which it signs. */
  host: `${arc}.2`,
  /** In an AK certificate: VM, Name of the key, endorsement key. */
  attestationKey: `${arc}.3`,
} as const;

/** Signature algorithms that are accepted: none with SHA-1 or MD5. */
export const signatureAlgorithms: Readonly<Record<string, string>> = {
  '1.2.840.10045.4.3.2': 'ecdsa-sha256',
  '1.2.840.10045.4.3.3': 'ecdsa-sha384',
  '1.2.840.10045.4.3.4': 'ecdsa-sha512',
  '1.2.840.113549.1.1.10': 'rsa-pss',
  '1.2.840.113549.1.1.11': 'rsa-sha256',
  '1.2.840.113549.1.1.12': 'rsa-sha384',
  '1.2.840.113549.1.1.13': 'rsa-sha512',
  '1.3.101.112': 'ed25519',
};

/** Bits of KeyUsage in their order (RFC 5280, 4.2.1.3). */
export const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof keyUsages)[number];

/** Dotted text of an identifier; asn1js leaves arcs above 2^53 as the hex of their septets, in braces. */
export function dottedOid(text: string): string {
  return text.replace(/\{([0-9a-f]+)\}/g, (_, hex: string) => {
    let value = 0n;
    for (const septet of Buffer.from(hex, 'hex')) value = (value << 7n) | BigInt(septet);
    return value.toString();
  });
}
