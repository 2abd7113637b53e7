import { type Clock, fromHex, type Randomness } from '../../base/index.js';
import { CertificateError } from './errors.js';
import { signCrl, type RevokedEntry } from './crl.js';
import { authorityKeyId, type Extension, keyIdOf, subjectKeyId } from './extensions.js';
import type { SigningKey } from './key-pair.js';
import { readIfThere, writePrivateFile } from './private-files.js';
import { readCertificate } from './read.js';
import { signCertificate } from './sign.js';
import type { RevocationReason } from './types.js';
import { revocationReasons } from './types.js';

const hour = 3_600_000;
export const day = 24 * hour;
/** Clocks of hosts differ: certificates begin a little before they are made. */
const backdating = 5 * 60_000;
/** Revocation lists are current for a week. */
const crlLifetime = 7 * day;

/** RFC 5280, 4.1.2.5: no known end. */
export const noExpiry = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Serial numbers have 127 random bits and are positive. */
export function makeSerial(randomness: Randomness): Uint8Array {
  const serial = randomness.bytes(16);
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  return serial;
}

export function makeValidity(
  clock: Clock,
  days: number | null,
): { readonly notBefore: number; readonly notAfter: number } {
  const now = clock.now();
  return { notBefore: now - backdating, notAfter: days === null ? noExpiry : now + days * day };
}

export interface IssuerOptions {
  readonly key: SigningKey;
  /** DER of the issuer's name. */
  readonly name: Uint8Array;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** File of what was revoked. */
  readonly revocationFile: string;
}

export interface IssueRequest {
  /** DER of the name. */
  readonly subject: Uint8Array;
  readonly publicKeyDer: Uint8Array;
  /** Null: no known end. */
  readonly days: number | null;
  readonly extensions: readonly Extension[];
}

/** What every authority does: issue, revoke, publish the list. */
export interface Issuer {
  issue(request: IssueRequest): Uint8Array;
  /** A serial in hex, or the certificate itself. Nothing happens when it was revoked before. */
  revoke(certificate: Uint8Array | string, reason: RevocationReason): Promise<void>;
  /** A current revocation list, DER. */
  crl(): Uint8Array;
  isRevoked(serial: string): boolean;
}

interface Register {
  readonly number: number;
  readonly entries: readonly RevokedEntry[];
}

export async function createIssuer({ key, name, clock, randomness, revocationFile }: IssuerOptions): Promise<Issuer> {
  let register = await readRegister(revocationFile);
  let writing: Promise<void> = Promise.resolve();
  const keyId = keyIdOf(key.publicKeyDer);
  return {
    issue: ({ subject, publicKeyDer, days, extensions }) =>
      signCertificate(
        {
          serial: makeSerial(randomness),
          issuer: name,
          subject,
          ...makeValidity(clock, days),
          publicKeyDer,
          extensions: [...extensions, subjectKeyId(publicKeyDer), authorityKeyId(keyId)],
        },
        key.key,
      ),
    async revoke(certificate, reason) {
      const serial = typeof certificate === 'string' ? certificate : readCertificate(certificate).serial;
      if (register.entries.some((entry) => entry.serial === serial)) return;
      register = { number: register.number + 1, entries: [...register.entries, { serial, time: clock.now(), reason }] };
      const content = JSON.stringify(register, null, 1);
      writing = writing.then(() => writePrivateFile(revocationFile, content));
      await writing;
    },
    crl() {
      const thisUpdate = clock.now();
      // The number must rise with every list: minutes since 1970 above the count of changes.
      const number = register.number + Math.floor(thisUpdate / 60_000);
      return signCrl(
        {
          issuer: name,
          issuerKeyId: keyId,
          number,
          thisUpdate,
          nextUpdate: thisUpdate + crlLifetime,
          entries: register.entries,
        },
        key.key,
      );
    },
    isRevoked: (serial) => register.entries.some((entry) => entry.serial === serial),
  };
}

async function readRegister(path: string): Promise<Register> {
  const content = await readIfThere(path);
  if (content === null) return { number: 0, entries: [] };
  try {
    const { number, entries } = JSON.parse(content.toString('utf8')) as Register;
    const valid = entries.every(({ serial, time, reason }) => {
      fromHex(serial.padStart(serial.length + (serial.length % 2), '0'));
      return Number.isSafeInteger(time) && reason in revocationReasons;
    });
    if (valid && Number.isSafeInteger(number)) return { number, entries };
  } catch (cause) {
    throw new CertificateError('crl_unreadable', `${path} is no register of revocations`, { cause });
  }
  throw new CertificateError('crl_unreadable', `${path} is no register of revocations`);
}
