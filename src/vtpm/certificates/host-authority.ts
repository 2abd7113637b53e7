import { type KeyObject, sign } from 'node:crypto';
import { type Clock, type Randomness, systemClock, systemRandomness } from '../../base/index.js';
import { type PublicArea, publicKeyOf } from '../../tpm/index.js';
import { encodeName } from './distinguished-name.js';
import {
  attestationKeyMark,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  serverNames,
  tpmModelName,
  tpmSpecification,
  virtualTpmMark,
} from './extensions.js';
import { CertificateError } from './errors.js';
import { createIssuer, day } from './issuer.js';
import { openSigningKey, type SigningKey } from './key-pair.js';
import { oids } from './oids.js';
import { pathIn, readIfThere, writePrivateFile } from './private-files.js';
import { readCertificate, splitPem, toPem } from './read.js';
import { createRequest } from './request.js';
import type {
  AttestationKeyFacts,
  CertificateFacts,
  HostFacts,
  RevocationReason,
  TpmModelFacts,
  TpmSpecificationFacts,
  VirtualTpmFacts,
} from './types.js';

export interface HostAuthorityOptions {
  /** `issuer.key` (mode 0600), `issuer.pem` (the chain), `issuer.revoked.json`. */
  readonly folder: string;
  readonly host: HostFacts;
  /** Sends the request to the root and returns the chain, authority first. For a single host: `DatacenterRoot.certifyHost`. */
  readonly certify: (request: Uint8Array, host: HostFacts) => Promise<readonly Uint8Array[]>;
  readonly clock?: Clock;
  readonly randomness?: Randomness;
}

/** What an EK certificate says. */
export interface EkCertificateRequest {
  readonly ekPublic: PublicArea;
  readonly virtualTpm: VirtualTpmFacts;
  readonly model?: TpmModelFacts;
  readonly specification?: TpmSpecificationFacts;
  /** Null: no known end, as the TCG profile recommends. */
  readonly days?: number | null;
}

export interface AkCertificateRequest {
  readonly akPublic: PublicArea;
  readonly facts: AttestationKeyFacts;
  readonly days?: number;
}

/** The issuing authority of one host: certificates of its virtual TPMs. */
export interface HostAuthority {
  readonly certificate: CertificateFacts;
  /** Authority and root, DER. */
  readonly chain: readonly Uint8Array[];
  /** EK certificate by the TCG profile, DER. */
  issueEk(request: EkCertificateRequest): Uint8Array;
  /** Certificate of an attestation key; only after its credential was activated. */
  issueAk(request: AkCertificateRequest): Uint8Array;
  /** TLS certificate for a key of this host. */
  issueServer(publicKeyDer: Uint8Array, names: readonly string[], days?: number): Uint8Array;
  revoke(certificate: Uint8Array | string, reason: RevocationReason): Promise<void>;
  crl(): Uint8Array;
  isRevoked(serial: string): boolean;
  /** ECDSA with SHA-256 by the authority's key, for offers that a source of a migration must trust. */
  sign(message: Uint8Array): Uint8Array;
}

/** An authority certificate is renewed when less than this is left of it. */
const renewalMargin = 90 * day;

const defaultModel: TpmModelFacts = { manufacturer: 'id:54564443', model: 'tvdc', version: 'id:00010000' };
const defaultSpecification: TpmSpecificationFacts = { family: '2.0', level: 0, revision: 164 };

/**
 * Opens the issuing authority of a host. It asks for a certificate when it has none, when its certificate is for another host or
 * host TPM, or when it runs out soon; the key stays.
 * @throws CertificateError `key_unreadable`, `certificate_unreadable`, and what `certify` throws
 */
export async function openHostAuthority(options: HostAuthorityOptions): Promise<HostAuthority> {
  const { folder, clock = systemClock, randomness = systemRandomness } = options;
  const key = await openSigningKey(pathIn(folder, 'issuer.key'));
  const chain = await openChain(options, key, clock);
  const certificate = readCertificate(chain[0] as Uint8Array);
  const name = certificate.subjectDer;
  const issuer = await createIssuer({
    key,
    name,
    clock,
    randomness,
    revocationFile: pathIn(folder, 'issuer.revoked.json'),
  });
  const organization = /(?:^|, )O=((?:\\.|[^,\\])*)/.exec(certificate.subject)?.[1]?.replace(/\\(.)/g, '$1') ?? 'TVDC';
  return {
    certificate,
    chain,
    issueEk({ ekPublic, virtualTpm, model = defaultModel, specification = defaultSpecification, days = null }) {
      const usage = ekPublic.kind === 'rsa' ? 'keyEncipherment' : 'keyAgreement';
      const extensions = [
        basicConstraints(false, null),
        keyUsage(usage),
        extendedKeyUsage(oids.ekCertificate),
        tpmModelName(model),
        tpmSpecification(specification),
        virtualTpmMark(virtualTpm),
      ];
      const subject = encodeName(organization, `vTPM ${virtualTpm.vtpmUuid}`);
      return issuer.issue({ subject, publicKeyDer: spkiOf(publicKeyOf(ekPublic)), days, extensions });
    },
    issueAk({ akPublic, facts, days = 365 }) {
      const extensions = [
        basicConstraints(false, null),
        keyUsage('digitalSignature'),
        extendedKeyUsage(oids.akCertificate),
        attestationKeyMark(facts),
      ];
      const subject = encodeName(organization, `Attestation key of ${facts.vmUuid}`);
      return issuer.issue({ subject, publicKeyDer: spkiOf(publicKeyOf(akPublic)), days, extensions });
    },
    issueServer(publicKeyDer, names, days = 365) {
      const extensions = [
        basicConstraints(false, null),
        keyUsage('digitalSignature', 'keyEncipherment'),
        extendedKeyUsage(oids.serverAuthentication),
        serverNames(names),
      ];
      const subject = encodeName(organization, names[0] ?? certificate.host?.hostUuid ?? 'server');
      return issuer.issue({ subject, publicKeyDer, days, extensions });
    },
    revoke: (revoked, reason) => issuer.revoke(revoked, reason),
    crl: () => issuer.crl(),
    isRevoked: (serial) => issuer.isRevoked(serial),
    sign: (message) => sign('sha256', message, key.key),
  };
}

function spkiOf(key: KeyObject): Uint8Array {
  return key.export({ type: 'spki', format: 'der' });
}

async function openChain(
  { folder, host, certify }: HostAuthorityOptions,
  key: SigningKey,
  clock: Clock,
): Promise<readonly Uint8Array[]> {
  const file = pathIn(folder, 'issuer.pem');
  const stored = await readIfThere(file);
  if (stored !== null) {
    const chain = splitPem(stored.toString('utf8'));
    const own = chain[0] === undefined ? undefined : readCertificate(chain[0]);
    const fits =
      own?.host?.hostUuid === host.hostUuid &&
      own.host.hostEkHash === host.hostEkHash &&
      Buffer.compare(own.publicKeyDer, key.publicKeyDer) === 0 &&
      own.notAfter - clock.now() > renewalMargin;
    if (fits) return chain;
  }
  const request = createRequest(encodeName('TVDC', `Host ${host.hostUuid}`), key.publicKeyDer, key.key);
  const chain = await certify(request, host);
  if (chain[0] === undefined || Buffer.compare(readCertificate(chain[0]).publicKeyDer, key.publicKeyDer) !== 0) {
    throw new CertificateError('certificate_issuer', 'the root certified another key than the one of the request');
  }
  await writePrivateFile(file, chain.map((certificate) => toPem(certificate)).join(''), 0o644);
  return chain;
}
