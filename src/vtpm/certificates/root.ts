import { type Clock, type Randomness, systemClock, systemRandomness } from '../../base/index.js';
import { encodeName } from './distinguished-name.js';
import { CertificateError } from './errors.js';
import { basicConstraints, hostMark, keyUsage, subjectKeyId } from './extensions.js';
import { createIssuer, makeSerial, makeValidity } from './issuer.js';
import { openSigningKey } from './key-pair.js';
import { pathIn, readIfThere, writePrivateFile } from './private-files.js';
import { readCertificate } from './read.js';
import { verifyRequest } from './request.js';
import { signCertificate } from './sign.js';
import type { HostFacts, RevocationReason } from './types.js';

export interface DatacenterRootOptions {
  /** `root.key` (mode 0600), `root.pem`, `root.revoked.json`. */
  readonly folder: string;
  /** Organization in the names of all authorities. */
  readonly datacenter?: string;
  readonly clock?: Clock;
  readonly randomness?: Randomness;
}

/** The datacenter's root authority: certifies one issuing authority for each host. Its key stays in its folder. */
export interface DatacenterRoot {
  /** The root certificate, DER: the anchor of everything. */
  readonly certificate: Uint8Array;
  /**
   * Certifies the key of a host's issuing authority by its request: path length 0, with the host in it. Returns the chain.
   * @throws CertificateError `request_invalid`
   */
  certifyHost(request: Uint8Array, host: HostFacts): Promise<readonly Uint8Array[]>;
  /** A broken host is one revoked authority. */
  revoke(certificate: Uint8Array, reason: RevocationReason): Promise<void>;
  crl(): Uint8Array;
}

const rootDays = 7305;
const authorityDays = 1826;

/** Opens the root authority of a folder; makes it, valid for twenty years, when there is none. */
export async function openDatacenterRoot(options: DatacenterRootOptions): Promise<DatacenterRoot> {
  const {
    folder,
    datacenter = 'Trusted Virtual Datacenter',
    clock = systemClock,
    randomness = systemRandomness,
  } = options;
  const key = await openSigningKey(pathIn(folder, 'root.key'));
  const certificateFile = pathIn(folder, 'root.pem');
  const existing = await readIfThere(certificateFile);
  let name = encodeName(datacenter, 'Root authority');
  let certificate: Uint8Array;
  if (existing === null) {
    const extensions = [basicConstraints(true, 1), keyUsage('keyCertSign', 'cRLSign'), subjectKeyId(key.publicKeyDer)];
    certificate = signCertificate(
      {
        serial: makeSerial(randomness),
        issuer: name,
        subject: name,
        ...makeValidity(clock, rootDays),
        publicKeyDer: key.publicKeyDer,
        extensions,
      },
      key.key,
    );
    await writePrivateFile(certificateFile, readCertificate(certificate).pem, 0o644);
  } else {
    const facts = readCertificate(existing.toString('utf8'));
    if (Buffer.compare(facts.publicKeyDer, key.publicKeyDer) !== 0) {
      throw new CertificateError('key_unreadable', `root.key and root.pem in ${folder} do not belong together`);
    }
    certificate = facts.der;
    name = facts.subjectDer;
  }
  const issuer = await createIssuer({
    key,
    name,
    clock,
    randomness,
    revocationFile: pathIn(folder, 'root.revoked.json'),
  });
  return {
    certificate,
    certifyHost(request, host) {
      const { publicKeyDer } = verifyRequest(request);
      const extensions = [
        basicConstraints(true, 0),
        keyUsage('digitalSignature', 'keyCertSign', 'cRLSign'),
        hostMark(host),
      ];
      const subject = encodeName(datacenter, `Host ${host.hostUuid}`);
      return Promise.resolve([issuer.issue({ subject, publicKeyDer, days: authorityDays, extensions }), certificate]);
    },
    revoke: (revoked, reason) => issuer.revoke(revoked, reason),
    crl: () => issuer.crl(),
  };
}
