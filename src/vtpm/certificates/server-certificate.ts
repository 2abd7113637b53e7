import { type Clock, type Randomness, systemClock, systemRandomness } from '../../base/index.js';
import { encodeName } from './distinguished-name.js';
import { basicConstraints, extendedKeyUsage, keyUsage, serverNames, subjectKeyId } from './extensions.js';
import { makeSerial, makeValidity } from './issuer.js';
import { makeSigningKey, privateKeyPem } from './key-pair.js';
import { oids } from './oids.js';
import { toPem } from './read.js';
import { signCertificate } from './sign.js';

export interface ServerCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
}

export interface ServerCertificateOptions {
  readonly days?: number;
  readonly clock?: Clock;
  readonly randomness?: Randomness;
}

/**
 * A key and a self-signed TLS certificate for DNS names and IP addresses: what a host shows until it is given a better one.
 * @param names the first one is also the common name
 */
export function createServerCertificate(
  names: readonly string[],
  options: ServerCertificateOptions = {},
): ServerCertificate {
  const { days = 825, clock = systemClock, randomness = systemRandomness } = options;
  const key = makeSigningKey();
  const name = encodeName('TVDC', names[0] ?? 'localhost');
  const extensions = [
    basicConstraints(false, null),
    keyUsage('digitalSignature'),
    extendedKeyUsage(oids.serverAuthentication),
    serverNames(names.length > 0 ? names : ['localhost']),
    subjectKeyId(key.publicKeyDer),
  ];
  const certificate = signCertificate(
    {
      serial: makeSerial(randomness),
      issuer: name,
      subject: name,
      ...makeValidity(clock, days),
      publicKeyDer: key.publicKeyDer,
      extensions,
    },
    key.key,
  );
  return { certificate: toPem(certificate), privateKey: privateKeyPem(key) };
}
