import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { hash, toHex } from '../../base/index.js';
import { ReferenceError } from './database.js';
import type { ReferenceEntry } from './entry.js';
import { parseEntry, parseJsonObject } from './reference-json.js';

/** A set of reference measurements to be handed over: the payload is what is signed, octet for octet. */
export interface ReferenceBundle {
  readonly name: string;
  readonly version: number;
  readonly created: number;
  readonly entries: readonly ReferenceEntry[];
}

/** A bundle that was read. */
export interface OpenedBundle extends ReferenceBundle {
  /** SHA-256 of name, version and entries, hexadecimal. */
  readonly digest: string;
}

/** What stands as `source` in the entries of a bundle: a newer version replaces what an older one has brought. */
export function bundleSource(name: string): string {
  return `bundle ${name}`;
}

const context = Buffer.from('tvdc-reference-bundle-1\0', 'ascii');

const hashFor = (key: KeyObject): string | null => (key.asymmetricKeyType?.startsWith('ed') ? null : 'sha256');

/** SHA-256 of a key's SubjectPublicKeyInfo: which anchor to try, not which to believe. */
function keyId(key: KeyObject): string {
  return toHex(hash('sha256', key.export({ type: 'spki', format: 'der' })));
}

/** Signs a bundle with an Ed25519, ECDSA or RSA key; JSON text with payload (base64), key identifier and signature. */
export function signBundle(bundle: ReferenceBundle, privateKey: KeyObject): string {
  const payload = Buffer.from(JSON.stringify(bundle), 'utf8');
  const signature = sign(hashFor(privateKey), Buffer.concat([context, payload]), privateKey);
  return `${JSON.stringify({
    format: 'tvdc-reference-bundle-1',
    payload: payload.toString('base64'),
    keyId: keyId(createPublicKey(privateKey)),
    signature: signature.toString('base64'),
  })}\n`;
}

const refused = (why: string, cause?: unknown): ReferenceError =>
  new ReferenceError('bundle_refused', why, cause === undefined ? {} : { cause });

/**
 * Verifies and reads a bundle. The signature must be of one of the anchors, which are set apart: a key that a bundle
 * brings with itself is never believed, and nothing unsigned is read.
 * @param anchors PEM public keys
 * @throws ReferenceError `bundle_refused`, `bad_import`, `bad_entry`
 */
export function openBundle(text: string, anchors: readonly string[]): OpenedBundle {
  const { format, payload, keyId: named, signature } = parseJsonObject(text);
  if (format !== 'tvdc-reference-bundle-1' || typeof payload !== 'string' || typeof signature !== 'string') {
    throw refused('not a signed bundle');
  }
  const octets = Buffer.from(payload, 'base64');
  const key = anchors.map((pem) => createPublicKey(pem)).find((anchor) => keyId(anchor) === named);
  if (key === undefined) throw refused('signed by no key of the trust anchors');
  if (!verify(hashFor(key), Buffer.concat([context, octets]), key, Buffer.from(signature, 'base64'))) {
    throw refused('the signature does not fit');
  }
  const bundle = parseJsonObject(octets.toString('utf8'));
  const { name, version, created, entries } = bundle;
  if (
    typeof name !== 'string' ||
    !Number.isSafeInteger(version) ||
    (version as number) < 0 ||
    typeof created !== 'number' ||
    !Array.isArray(entries)
  ) {
    throw refused('a payload of another form');
  }
  // When it was signed does not count: signing the same again is the same version.
  const digest = toHex(hash('sha256', Buffer.from(JSON.stringify([name, version, entries]), 'utf8')));
  return { name, version: version as number, created, entries: entries.map(parseEntry), digest };
}
