import { constants, publicEncrypt } from 'node:crypto';
import { ByteWriter, type Randomness, systemRandomness } from '../../base/index.js';
import { TpmTransportError } from '../errors.js';
import type { TpmTransport } from '../transport.js';
import { handles12, nvIndices12, presence12 } from './constants.js';
import { type Answer12, encryptAuth12, Runner12, type Session12 } from './runner.js';
import {
  compositeHash12,
  digestSize12,
  encodeKeyParameters12,
  encodeKeyTemplate12,
  encodeNvPublic12,
  encodeQuoteInfo12,
  encodeQuoteInfo2,
  encodeSelection12,
  readKey12,
  readPublicKey12,
  readSelection12,
  sha1,
} from './structures.js';
import { rsaKey12 } from './verify.js';

/** The value that everybody knows: 20 octets of zero (TPM Main 1.2 Part 1, 9.4.1). */
export const wellKnownAuth: Uint8Array = new Uint8Array(digestSize12);

const nvPiece = 512;

/** A key that the TPM has wrapped for its storage root key. */
export interface WrappedKey12 {
  /** RSA, the exponent is 65 537. */
  readonly modulus: Uint8Array;
  /** TPM_KEY. */
  readonly key: Uint8Array;
}

export interface Quote12 {
  /** TPM_QUOTE_INFO, or TPM_QUOTE_INFO2 with the version behind it: what is signed. */
  readonly info: Uint8Array;
  /** RSASSA-PKCS1-v1_5 with SHA-1. */
  readonly signature: Uint8Array;
}

/** Typed commands of a TPM 1.2, as far as instances, measured boot and quotes need them. */
export interface Tpm12Client {
  startup(): Promise<void>;
  continueSelfTest(): Promise<void>;
  /** Bits of TPM_PHYSICAL_PRESENCE. */
  physicalPresence(...bits: readonly (keyof typeof presence12)[]): Promise<void>;
  /** Needs physical presence; in force after the next start. */
  activate(): Promise<void>;
  /** Removes the owner. Needs physical presence; the TPM is disabled and deactivated afterwards. */
  forceClear(): Promise<void>;
  /** Makes the endorsement key, once; its modulus. */
  createEndorsementKey(): Promise<Uint8Array>;
  /** Modulus of the endorsement key, while there is no owner. */
  readPubek(): Promise<Uint8Array>;
  /** Modulus of the endorsement key, for the owner. */
  ownerReadPubek(ownerAuth: Uint8Array): Promise<Uint8Array>;
  takeOwnership(ownerAuth: Uint8Array, srkAuth: Uint8Array): Promise<void>;
  /** An attestation identity key that needs no authority to be used. */
  makeIdentity(ownerAuth: Uint8Array, srkAuth: Uint8Array, keyAuth: Uint8Array): Promise<WrappedKey12>;
  /** Handle of a key below the storage root key. */
  loadKey(key: Uint8Array, srkAuth: Uint8Array): Promise<number>;
  flushKey(handle: number): Promise<void>;
  pcrExtend(index: number, digest: Uint8Array): Promise<Uint8Array>;
  pcrRead(index: number): Promise<Uint8Array>;
  /** @param externalData 20 octets */
  quote(handle: number, keyAuth: Uint8Array, externalData: Uint8Array, pcrs: readonly number[]): Promise<Quote12>;
  /** @param withVersion whether the version of the TPM is signed too */
  quote2(
    handle: number,
    keyAuth: Uint8Array,
    externalData: Uint8Array,
    pcrs: readonly number[],
    withVersion: boolean,
  ): Promise<Quote12>;
  /** Major, minor, revision major and minor. */
  version(): Promise<readonly number[]>;
  /** Four letters. */
  manufacturer(): Promise<string>;
  /** An index that physical presence can write and everybody read. */
  nvDefine(index: number, size: number): Promise<void>;
  /** From now on the attributes of indices hold. */
  nvLock(): Promise<void>;
  nvWrite(index: number, data: Uint8Array): Promise<void>;
  nvRead(index: number, size: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** @throws Tpm12Error for what the TPM refuses, TpmTransportError where it cannot be asked (every method) */
export function createTpm12Client(transport: TpmTransport, randomness: Randomness = systemRandomness): Tpm12Client {
  const runner = new Runner12(transport, randomness);
  const u32 = (value: number): Uint8Array => new ByteWriter(4).u32(value).finish();
  const u16 = (value: number): Uint8Array => new ByteWriter(2).u16(value).finish();

  async function publicEk(
    command: 'readPubek' | 'createEndorsementKeyPair',
    parameters: Uint8Array,
  ): Promise<Uint8Array> {
    const nonce = randomness.bytes(digestSize12);
    const { reader } = await runner.run(command, { parameters: Buffer.concat([nonce, parameters]) });
    const start = reader.offset;
    const modulus = readPublicKey12(reader);
    const checksum = sha1(reader.bytes.subarray(start, reader.offset), nonce);
    if (Buffer.compare(checksum, reader.take(digestSize12)) !== 0)
      throw new TpmTransportError('tpm_protocol', `${command}: the answer is to another question`);
    return modulus;
  }

  async function quoteWith(
    command: 'quote' | 'quote2',
    handle: number,
    keyAuth: Uint8Array,
    parameters: Uint8Array,
  ): Promise<Answer12> {
    const session = await runner.oiap(keyAuth);
    return runner.run(command, { handles: [handle], parameters, sessions: [session] });
  }

  const readPubek = (): Promise<Uint8Array> => publicEk('readPubek', new Uint8Array(0));

  return {
    async startup() {
      await runner.run('startup', { parameters: u16(1) });
    },
    async continueSelfTest() {
      await runner.run('continueSelfTest');
    },
    async physicalPresence(...bits) {
      await runner.run('physicalPresence', { parameters: u16(bits.reduce((all, bit) => all | presence12[bit], 0)) });
    },
    async activate() {
      await runner.run('physicalEnable');
      await runner.run('physicalSetDeactivated', { parameters: Uint8Array.of(0) });
    },
    async forceClear() {
      await runner.run('forceClear');
    },
    createEndorsementKey: () => publicEk('createEndorsementKeyPair', encodeKeyParameters12('oaepSha1', 'none')),
    readPubek,
    async ownerReadPubek(ownerAuth) {
      const session = await runner.oiap(ownerAuth);
      // The handle of this command is a parameter like others: it is under the authorization.
      const { reader } = await runner.run('ownerReadInternalPub', {
        parameters: u32(handles12.ek),
        sessions: [session],
      });
      return readPublicKey12(reader);
    },
    async takeOwnership(ownerAuth, srkAuth) {
      const key = rsaKey12(await readPubek());
      const encrypt = (auth: Uint8Array): Uint8Array =>
        publicEncrypt(
          {
            key,
            padding: constants.RSA_PKCS1_OAEP_PADDING,
            oaepHash: 'sha1',
            oaepLabel: Buffer.from('TCPA', 'latin1'),
          },
          auth,
        );
      const writer = new ByteWriter(700).u16(5);
      for (const auth of [ownerAuth, srkAuth]) {
        const encrypted = encrypt(auth);
        writer.u32(encrypted.length).bytes(encrypted);
      }
      const parameters = writer.bytes(encodeKeyTemplate12('storage')).finish();
      await runner.run('takeOwnership', { parameters, sessions: [await runner.oiap(ownerAuth)] });
    },
    async makeIdentity(ownerAuth, srkAuth, keyAuth) {
      const srk: Session12 = await runner.oiap(srkAuth);
      const owner = await runner.osap('owner', handles12.owner, ownerAuth);
      const parameters = Buffer.concat([
        encryptAuth12(owner, keyAuth),
        // No privacy authority takes part: its label is of none.
        new Uint8Array(digestSize12),
        encodeKeyTemplate12('identity'),
      ]);
      const { reader } = await runner.run('makeIdentity', { parameters, sessions: [srk, owner] });
      return readKey12(reader);
    },
    async loadKey(key, srkAuth) {
      const answer = await runner.run('loadKey2', {
        handles: [handles12.srk],
        parameters: key,
        sessions: [await runner.oiap(srkAuth)],
        responseHandles: 1,
      });
      return answer.handles[0] as number;
    },
    async flushKey(handle) {
      await runner.run('flushSpecific', { handles: [handle], parameters: u32(1) });
    },
    async pcrExtend(index, digest) {
      const { reader } = await runner.run('extend', { parameters: Buffer.concat([u32(index), digest]) });
      return reader.take(digestSize12).slice();
    },
    async pcrRead(index) {
      const { reader } = await runner.run('pcrRead', { parameters: u32(index) });
      return reader.take(digestSize12).slice();
    },
    async quote(handle, keyAuth, externalData, pcrs) {
      const parameters = Buffer.concat([externalData, encodeSelection12(pcrs)]);
      const { reader } = await quoteWith('quote', handle, keyAuth, parameters);
      const indexes = readSelection12(reader);
      const size = reader.u32();
      const values = Array.from({ length: size / digestSize12 }, () => reader.take(digestSize12).slice());
      const signature = reader.take(reader.u32()).slice();
      return { info: encodeQuoteInfo12(compositeHash12(indexes, values), externalData), signature };
    },
    async quote2(handle, keyAuth, externalData, pcrs, withVersion) {
      const asked = Uint8Array.of(withVersion ? 1 : 0);
      const parameters = Buffer.concat([externalData, encodeSelection12(pcrs), asked]);
      const { reader } = await quoteWith('quote2', handle, keyAuth, parameters);
      const start = reader.offset;
      readSelection12(reader);
      reader.skip(1 + digestSize12);
      const infoShort = reader.bytes.slice(start, reader.offset);
      const version = reader.take(reader.u32()).slice();
      const signature = reader.take(reader.u32()).slice();
      return { info: encodeQuoteInfo2(infoShort, externalData, version), signature };
    },
    async version() {
      // TPM_CAP_VERSION says 1.1 for ever (Part 2, 21.1): TPM_CAP_VERSION_INFO has it, behind its tag.
      const { reader } = await runner.run('getCapability', { parameters: Buffer.concat([u32(0x1a), u32(0)]) });
      reader.skip(4 + 2);
      return [...reader.take(4)];
    },
    async manufacturer() {
      const parameters = Buffer.concat([u32(5), u32(4), u32(0x103)]);
      const { reader } = await runner.run('getCapability', { parameters });
      return Buffer.from(reader.take(reader.u32())).toString('latin1').replace(/\0+$/, '');
    },
    async nvDefine(index, size) {
      const parameters = Buffer.concat([encodeNvPublic12(index, size), new Uint8Array(digestSize12)]);
      await runner.run('nvDefineSpace', { parameters });
    },
    async nvLock() {
      const parameters = Buffer.concat([encodeNvPublic12(nvIndices12.lock, 0), new Uint8Array(digestSize12)]);
      await runner.run('nvDefineSpace', { parameters });
    },
    async nvWrite(index, data) {
      for (let at = 0; at < data.length; at += nvPiece) {
        const piece = data.subarray(at, at + nvPiece);
        const parameters = Buffer.concat([u32(index), u32(at), u32(piece.length), piece]);
        await runner.run('nvWriteValue', { parameters });
      }
    },
    async nvRead(index, size) {
      const parts: Uint8Array[] = [];
      for (let at = 0; at < size; at += nvPiece) {
        const parameters = Buffer.concat([u32(index), u32(at), u32(Math.min(nvPiece, size - at))]);
        const { reader } = await runner.run('nvReadValue', { parameters });
        parts.push(reader.take(reader.u32()).slice());
      }
      return new Uint8Array(Buffer.concat(parts));
    },
    close: () => transport.close(),
  };
}
