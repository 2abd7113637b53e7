import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { ByteReader, ByteWriter, concatBytes, digestSizes, equalBytes, hash, hmac } from '../../../base/index.js';
import {
  decodePublicArea,
  encodePublicArea,
  hasAttributes,
  type Hierarchy,
  kdfA,
  nameOfEncoded,
  type PublicArea,
  readSized,
  tpmAlgorithms,
  writeSized,
} from '../../../tpm/index.js';
import { eccPrivateKey } from '../crypto/ecc.js';
import { rsaPrivateKey } from '../crypto/rsa.js';
import { fail } from './failure.js';

const none = new Uint8Array(0);

/** TPMT_SENSITIVE: what an object keeps secret. */
export interface Sensitive {
  readonly authValue: Uint8Array;
  /** Seed of a storage key, obfuscation of a sealed object. */
  readonly seedValue: Uint8Array;
  /** Prime of an RSA key, scalar of an ECC key, sealed data. */
  readonly secret: Uint8Array;
}

/** An object in the TPM. Without `sensitive` only its public part is loaded. */
export interface TpmObject {
  readonly publicArea: PublicArea;
  readonly encodedPublic: Uint8Array;
  readonly name: Uint8Array;
  readonly qualifiedName: Uint8Array;
  readonly hierarchy: Hierarchy;
  readonly sensitive: Sensitive | null;
  /** Made when first used. */
  privateKey?: KeyObject;
}

export function createObject(
  publicArea: PublicArea,
  sensitive: Sensitive | null,
  hierarchy: Hierarchy,
  parentQualifiedName: Uint8Array,
): TpmObject {
  const encodedPublic = encodePublicArea(publicArea);
  const name = nameOfEncoded(encodedPublic, publicArea.nameAlgorithm);
  const digest = hash(publicArea.nameAlgorithm, concatBytes(parentQualifiedName, name));
  const qualifiedName = concatBytes(name.subarray(0, 2), digest);
  return { publicArea, encodedPublic, name, qualifiedName, hierarchy, sensitive };
}

/** Whether children can be created below it: a restricted decryption key with both parts. */
export function isStorageParent(object: TpmObject): boolean {
  return object.sensitive !== null && hasAttributes(object.publicArea, 'restricted', 'decrypt');
}

/** The private key for node:crypto. */
export function privateKeyOf(object: TpmObject): KeyObject {
  const { publicArea, sensitive } = object;
  if (sensitive === null) fail('TPM_RC_KEY');
  if (object.privateKey !== undefined) return object.privateKey;
  if (publicArea.kind === 'rsa') object.privateKey = rsaPrivateKey(publicArea.unique, sensitive.secret);
  else if (publicArea.kind === 'ecc') {
    object.privateKey = eccPrivateKey(publicArea.curve, { scalar: sensitive.secret, x: publicArea.x, y: publicArea.y });
  } else fail('TPM_RC_KEY');
  return object.privateKey;
}

export function encodeSensitive(area: PublicArea, sensitive: Sensitive): Uint8Array {
  const writer = new ByteWriter(256).u16(tpmAlgorithms[area.kind]);
  writeSized(writer, sensitive.authValue);
  writeSized(writer, sensitive.seedValue);
  writeSized(writer, sensitive.secret);
  return writer.finish();
}

/** @throws DecodeError */
export function decodeSensitive(bytes: Uint8Array): Sensitive & { readonly type: number } {
  const reader = new ByteReader(bytes);
  const type = reader.u16();
  const sensitive = {
    type,
    authValue: readSized(reader, 64),
    seedValue: readSized(reader, 64),
    secret: readSized(reader, 512),
  };
  reader.end('TPMT_SENSITIVE');
  return sensitive;
}

function wrappingKeys(
  parent: TpmObject,
  name: Uint8Array,
): { readonly cipher: string; readonly key: Uint8Array; readonly mac: Uint8Array } {
  const { publicArea, sensitive } = parent;
  if ((publicArea.kind !== 'rsa' && publicArea.kind !== 'ecc') || publicArea.symmetric === null || sensitive === null)
    fail('TPM_RC_TYPE');
  const algorithm = publicArea.nameAlgorithm;
  const bits = publicArea.symmetric.keyBits;
  return {
    cipher: `aes-${bits}-cfb`,
    key: kdfA(algorithm, sensitive.seedValue, 'STORAGE', name, none, bits),
    mac: kdfA(algorithm, sensitive.seedValue, 'INTEGRITY', none, none, digestSizes[algorithm] * 8),
  };
}

/** The private part of a child for the outside (TPM 2.0 Part 1, 22.4). */
export function wrapSensitive(
  parent: TpmObject,
  name: Uint8Array,
  area: PublicArea,
  sensitive: Sensitive,
  iv: Uint8Array,
): Uint8Array {
  const { cipher, key, mac } = wrappingKeys(parent, name);
  const plain = new ByteWriter(256);
  writeSized(plain, encodeSensitive(area, sensitive));
  const aes = createCipheriv(cipher, key, iv);
  const sealed = new ByteWriter(300);
  writeSized(sealed, iv);
  sealed.bytes(aes.update(plain.finish())).bytes(aes.final());
  const body = sealed.finish();
  const out = new ByteWriter(400);
  writeSized(out, hmac(parent.publicArea.nameAlgorithm, mac, concatBytes(body, name)));
  return out.bytes(body).finish();
}

/** Opens what {@link wrapSensitive} made; null when it was altered or belongs to another parent or public area. @throws DecodeError */
export function unwrapSensitive(
  parent: TpmObject,
  name: Uint8Array,
  blob: Uint8Array,
): (Sensitive & { readonly type: number }) | null {
  const { cipher, key, mac } = wrappingKeys(parent, name);
  const reader = new ByteReader(blob);
  const integrity = readSized(reader, 64);
  const body = reader.take(reader.remaining);
  if (!equalBytes(hmac(parent.publicArea.nameAlgorithm, mac, concatBytes(body, name)), integrity)) return null;
  const inner = new ByteReader(body);
  const iv = readSized(inner, 16);
  const aes = createDecipheriv(cipher, key, iv);
  const plain = new ByteReader(concatBytes(aes.update(inner.take(inner.remaining)), aes.final()));
  return decodeSensitive(readSized(plain));
}

/** An object as the state at rest and saved contexts hold it. */
export function writeObject(writer: ByteWriter, object: TpmObject, hierarchies: readonly Hierarchy[]): void {
  writer.u8(hierarchies.indexOf(object.hierarchy));
  writeSized(writer, object.encodedPublic);
  writeSized(writer, object.qualifiedName);
  writeSized(writer, object.sensitive === null ? none : encodeSensitive(object.publicArea, object.sensitive));
}

/** @throws DecodeError */
export function readObject(reader: ByteReader, hierarchies: readonly Hierarchy[]): TpmObject {
  const hierarchy = hierarchies[reader.u8()] ?? 'null';
  const encodedPublic = readSized(reader);
  const qualifiedName = readSized(reader);
  const sensitive = readSized(reader);
  const publicArea = decodePublicArea(encodedPublic);
  return {
    publicArea,
    encodedPublic,
    name: nameOfEncoded(encodedPublic, publicArea.nameAlgorithm),
    qualifiedName,
    hierarchy,
    sensitive: sensitive.length === 0 ? null : decodeSensitive(sensitive),
  };
}
