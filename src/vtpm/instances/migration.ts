import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  verify,
} from 'node:crypto';
import {
  ByteReader,
  ByteWriter,
  concatBytes,
  DecodeError,
  hash,
  messageOf,
  type Randomness,
  toHex,
} from '../../base/index.js';
import {
  type CertificateFacts,
  type HostAuthority,
  verifyChain,
  type VerifyChainOptions,
} from '../certificates/index.js';
import { VtpmError, type VtpmErrorCode } from '../errors.js';
import type { StateImage } from '../state/index.js';
import type { ImportOffer } from './types.js';

/** Whom a host trusts when it sends or takes a TPM. */
export interface MigrationTrust {
  readonly anchors: readonly Uint8Array[];
  readonly options: VerifyChainOptions;
}

/** What moves with the state. */
export interface MigratedInstance {
  readonly record: string;
  readonly vmUuid: string;
  readonly ekName: Uint8Array;
  readonly sequence: number;
  readonly image: StateImage;
}

const offerLabel = 'tvdc-vtpm-offer-1';
const blobLabel = 'tvdc-vtpm-export-1';
const maximumPart = 1 << 20;
const maximumChain = 8;

function writePart(writer: ByteWriter, part: Uint8Array | string): ByteWriter {
  const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
  return writer.u32(bytes.length).bytes(bytes);
}

function readPart(reader: ByteReader): Uint8Array {
  const length = reader.u32();
  if (length > maximumPart) throw new DecodeError('too_large', `expected at most ${maximumPart} bytes`, reader.offset);
  return reader.take(length).slice();
}

const readText = (reader: ByteReader): string => Buffer.from(readPart(reader)).toString('utf8');

function writeChain(writer: ByteWriter, chain: readonly Uint8Array[]): void {
  writer.u8(chain.length);
  for (const certificate of chain) writePart(writer, certificate);
}

function readChain(reader: ByteReader): readonly Uint8Array[] {
  const count = reader.u8();
  if (count > maximumChain)
    throw new DecodeError('too_large', `expected at most ${maximumChain} certificates`, reader.offset);
  return Array.from({ length: count }, () => readPart(reader));
}

/** The part of an offer that the target's authority signs. */
function offerBody(offer: Omit<ImportOffer, 'signature' | 'chain'>): Uint8Array {
  const writer = new ByteWriter(256);
  for (const part of [offerLabel, offer.id, offer.vmUuid, offer.publicKey, offer.nonce]) writePart(writer, part);
  return writer.u64(BigInt(offer.expires)).finish();
}

/** A one-time key for one TPM, certified by the target's authority. */
export function createOffer(
  authority: HostAuthority,
  randomness: Randomness,
  vmUuid: string,
  expires: number,
): { readonly offer: ImportOffer; readonly privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const body = {
    id: randomness.uuid(),
    vmUuid,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    nonce: randomness.bytes(32),
    expires,
  };
  return { offer: { ...body, signature: authority.sign(offerBody(body)), chain: authority.chain }, privateKey };
}

export function encodeOffer(offer: ImportOffer): Uint8Array {
  const writer = new ByteWriter(2048);
  writePart(writer, offerBody(offer));
  writePart(writer, offer.signature);
  writeChain(writer, offer.chain);
  return writer.finish();
}

/** Reads an offer and verifies who made it. @throws VtpmError `vtpm_offer_invalid` */
export function verifyOffer(
  bytes: Uint8Array,
  trust: MigrationTrust,
): ImportOffer & { readonly target: CertificateFacts } {
  const { body, signature, chain } = attempt('vtpm_offer_invalid', () => {
    const reader = new ByteReader(bytes);
    const parts = { body: readPart(reader), signature: readPart(reader), chain: readChain(reader) };
    reader.end('the offer');
    return parts;
  });
  const target = verifySigner('vtpm_offer_invalid', body, signature, chain, trust);
  const offer = attempt('vtpm_offer_invalid', () => {
    const reader = new ByteReader(body);
    if (readText(reader) !== offerLabel) throw new DecodeError('not_an_offer', 'expected an offer', 0);
    const read = {
      id: readText(reader),
      vmUuid: readText(reader),
      publicKey: readPart(reader),
      nonce: readPart(reader),
      expires: Number(reader.u64()),
    };
    reader.end('the offer');
    return read;
  });
  if (offer.expires < trust.options.now) throw new VtpmError('vtpm_offer_invalid', 'the offer has expired');
  return { ...offer, signature, chain, target };
}

function attempt<T>(code: VtpmErrorCode, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof VtpmError) throw cause;
    const what = code === 'vtpm_offer_invalid' ? 'the offer' : 'the exported TPM';
    throw new VtpmError(code, `${what} is not accepted: ${messageOf(cause)}`, { cause });
  }
}

/** The signer must be the issuing authority of a host of this datacenter. */
function verifySigner(
  code: VtpmErrorCode,
  body: Uint8Array,
  signature: Uint8Array,
  chain: readonly Uint8Array[],
  trust: MigrationTrust,
): CertificateFacts {
  return attempt(code, () => {
    const [signer] = verifyChain(chain, trust.anchors, trust.options);
    if (signer === undefined || signer.host === null || !signer.isCa)
      throw new VtpmError(code, 'the signer is no issuing authority of a host');
    if (!verify('sha256', body, signer.publicKey, signature))
      throw new VtpmError(code, 'the signature of the host does not fit');
    return signer;
  });
}

function keyOf(privateKey: KeyObject, publicKey: Uint8Array, nonce: Uint8Array, id: string): Uint8Array {
  const secret = diffieHellman({
    privateKey,
    publicKey: createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }),
  });
  return new Uint8Array(hkdfSync('sha256', secret, nonce, `${blobLabel}\n${id}`, 32));
}

/** Encrypts a TPM for one offer and signs it by the source's authority. */
export function sealForOffer(
  instance: MigratedInstance,
  offer: ImportOffer,
  authority: HostAuthority,
  randomness: Randomness,
): Uint8Array {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const plain = new ByteWriter(8192);
  for (const part of [instance.record, instance.image.permanent, instance.image.volatile ?? new Uint8Array(0)])
    writePart(plain, part);
  const head = new ByteWriter(256);
  for (const part of [blobLabel, offer.id, instance.vmUuid, instance.ekName]) writePart(head, part);
  head.u64(BigInt(instance.sequence));
  writePart(head, publicKey.export({ type: 'spki', format: 'der' }));
  const header = head.finish();
  const nonce = randomness.bytes(12);
  const aes = createCipheriv('aes-256-gcm', keyOf(privateKey, offer.publicKey, offer.nonce, offer.id), nonce).setAAD(
    header,
  );
  const body = new ByteWriter(8192);
  writePart(body, header);
  writePart(body, concatBytes(nonce, aes.update(plain.finish()), aes.final(), aes.getAuthTag()));
  const signed = body.finish();
  const writer = new ByteWriter(16384);
  writePart(writer, signed);
  writePart(writer, authority.sign(signed));
  writeChain(writer, authority.chain);
  return writer.finish();
}

/** Which offer a blob answers; the signature is verified, the content not yet opened. @throws VtpmError `vtpm_blob_invalid` */
export function verifyBlob(
  bytes: Uint8Array,
  trust: MigrationTrust,
): { readonly offerId: string; readonly body: Uint8Array } {
  const { body, signature, chain } = attempt('vtpm_blob_invalid', () => {
    const reader = new ByteReader(bytes);
    const parts = { body: readPart(reader), signature: readPart(reader), chain: readChain(reader) };
    reader.end('the exported TPM');
    return parts;
  });
  verifySigner('vtpm_blob_invalid', body, signature, chain, trust);
  const header = attempt('vtpm_blob_invalid', () => readHeader(readPart(new ByteReader(body))));
  return { offerId: header.offerId, body };
}

function readHeader(bytes: Uint8Array) {
  const reader = new ByteReader(bytes);
  if (readText(reader) !== blobLabel) throw new DecodeError('not_a_blob', 'expected an exported TPM', 0);
  return {
    offerId: readText(reader),
    vmUuid: readText(reader),
    ekName: readPart(reader),
    sequence: Number(reader.u64()),
    publicKey: readPart(reader),
  };
}

/** Opens what {@link sealForOffer} made for an offer of this host. @throws VtpmError `vtpm_blob_invalid` */
export function openBlob(
  body: Uint8Array,
  offer: Pick<ImportOffer, 'id' | 'nonce'>,
  privateKey: KeyObject,
): MigratedInstance {
  return attempt('vtpm_blob_invalid', () => {
    const reader = new ByteReader(body);
    const header = readPart(reader);
    const sealed = readPart(reader);
    reader.end('the exported TPM');
    const { vmUuid, ekName, sequence, publicKey } = readHeader(header);
    const key = keyOf(privateKey, publicKey, offer.nonce, offer.id);
    const aes = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(header);
    aes.setAuthTag(sealed.subarray(-16));
    const plain = new ByteReader(concatBytes(aes.update(sealed.subarray(12, -16)), aes.final()));
    const record = readText(plain);
    const permanent = readPart(plain);
    const volatile = readPart(plain);
    return {
      record,
      vmUuid,
      ekName,
      sequence,
      image: { permanent, volatile: volatile.length === 0 ? null : volatile },
    };
  });
}

/** SHA-256 of an EK certificate, for records. */
export function fingerprintOf(chain: readonly Uint8Array[]): string {
  return chain[0] === undefined ? '' : toHex(hash('sha256', chain[0]));
}
