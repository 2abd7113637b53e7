import { createHmac } from 'node:crypto';
import { ByteReader, ByteWriter, DecodeError, equalBytes, type Randomness } from '../../base/index.js';
import { TpmTransportError } from '../errors.js';
import type { TpmTransport } from '../transport.js';
import { type Command12, entities12, ordinals12, returnCodes12, tags12 } from './constants.js';
import { Tpm12Error } from './error.js';
import { digestSize12, sha1 } from './structures.js';

const maximumResponse = 4096;
const retries = 50;
const trailerSize = digestSize12 + 1 + digestSize12;

/** A session that proves one authorization value with each command (TPM Main 1.2 Part 1, 13). */
export interface Session12 {
  readonly handle: number;
  /** OIAP: the authorization value; OSAP: the secret that was made of it. */
  readonly key: Uint8Array;
  nonceEven: Uint8Array;
}

export interface Request12 {
  readonly handles?: readonly number[];
  readonly parameters?: Uint8Array;
  readonly sessions?: readonly Session12[];
  /** Handles of the answer, which no session covers. */
  readonly responseHandles?: number;
}

export interface Answer12 {
  readonly handles: readonly number[];
  /** Of the parameters. */
  readonly reader: ByteReader;
}

const none = new Uint8Array(0);

/** Frames of TPM 1.2, with the authorizations of Part 1, 13. */
export class Runner12 {
  readonly #transport: TpmTransport;
  readonly #randomness: Randomness;

  constructor(transport: TpmTransport, randomness: Randomness) {
    this.#transport = transport;
    this.#randomness = randomness;
  }

  /** @throws Tpm12Error, TpmTransportError */
  async run(command: Command12, request: Request12 = {}): Promise<Answer12> {
    const { handles = [], parameters = none, sessions = [], responseHandles = 0 } = request;
    const ordinal = new ByteWriter(4).u32(ordinals12[command]).finish();
    const digest = sha1(ordinal, parameters);
    const writer = new ByteWriter(64 + parameters.length);
    writer.u16(
      sessions.length === 0 ? tags12.command : sessions.length === 1 ? tags12.commandAuth1 : tags12.commandAuth2,
    );
    writer.u32(0).bytes(ordinal);
    for (const handle of handles) writer.u32(handle);
    writer.bytes(parameters);
    const odd = sessions.map(() => this.#randomness.bytes(digestSize12));
    sessions.forEach(({ handle, key, nonceEven }, n) => {
      const nonceOdd = odd[n] as Uint8Array;
      // The session ends with the command.
      writer
        .u32(handle)
        .bytes(nonceOdd)
        .u8(0)
        .bytes(proof(key, digest, nonceEven, nonceOdd));
    });
    const response = await this.#transmit(command, writer.patchU32(2, writer.length).finish());
    try {
      return this.#read(response, ordinal, sessions, odd, responseHandles);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw new TpmTransportError('tpm_protocol', `${command}: ${error.message}`, { cause: error });
    }
  }

  /** A session for one command with an authorization value. */
  async oiap(auth: Uint8Array): Promise<Session12> {
    const { reader } = await this.run('oiap');
    return { handle: reader.u32(), key: auth, nonceEven: reader.take(digestSize12).slice() };
  }

  /** A session for one command on one object, which can also carry a new authorization value to it. */
  async osap(kind: keyof typeof entities12, handle: number, auth: Uint8Array): Promise<Session12> {
    const nonceOdd = this.#randomness.bytes(digestSize12);
    const parameters = new ByteWriter(32).u16(entities12[kind]).u32(handle).bytes(nonceOdd).finish();
    const { reader } = await this.run('osap', { parameters });
    const session = reader.u32();
    const nonceEven = reader.take(digestSize12).slice();
    const shared = createHmac('sha1', auth).update(reader.take(digestSize12)).update(nonceOdd).digest();
    return { handle: session, key: shared, nonceEven };
  }

  async #transmit(command: Command12, frame: Uint8Array): Promise<Uint8Array> {
    for (let attempt = 0; ; attempt++) {
      const response = await this.#transport.transmit(frame);
      const view = new DataView(response.buffer, response.byteOffset, response.length);
      if (response.length < 10 || response.length > maximumResponse || view.getUint32(2) !== response.length)
        throw new TpmTransportError('tpm_protocol', `${command}: ${response.length} octets are no response`);
      const code = view.getUint32(6);
      if (code === 0) return response;
      const again = code === returnCodes12.TPM_RETRY || code === returnCodes12.TPM_DOING_SELFTEST;
      if (!again || attempt >= retries) throw new Tpm12Error(code, command);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #read(
    response: Uint8Array,
    ordinal: Uint8Array,
    sessions: readonly Session12[],
    odd: readonly Uint8Array[],
    responseHandles: number,
  ): Answer12 {
    const head = new ByteReader(response);
    const expected = tags12.response + sessions.length;
    const tag = head.u16();
    if (tag !== expected)
      throw new DecodeError('wrong_tag', `expected tag 0x${expected.toString(16)}, got 0x${tag.toString(16)}`, 0);
    head.skip(4);
    const code = head.take(4);
    const handles = Array.from({ length: responseHandles }, () => head.u32());
    const parameters = head.take(head.remaining - sessions.length * trailerSize);
    const digest = sha1(code, ordinal, parameters);
    sessions.forEach((session, n) => {
      const nonceEven = head.take(digestSize12).slice();
      const more = head.take(1);
      const wanted = createHmac('sha1', session.key)
        .update(digest)
        .update(nonceEven)
        .update(odd[n] as Uint8Array)
        .update(more)
        .digest();
      if (!equalBytes(wanted, head.take(digestSize12)))
        throw new TpmTransportError('tpm_protocol', 'the answer is not by the TPM that has the authorization');
      session.nonceEven = nonceEven;
    });
    return { handles, reader: new ByteReader(parameters) };
  }
}

function proof(key: Uint8Array, digest: Uint8Array, nonceEven: Uint8Array, nonceOdd: Uint8Array): Uint8Array {
  return createHmac('sha1', key).update(digest).update(nonceEven).update(nonceOdd).update(Uint8Array.of(0)).digest();
}

/** A new authorization value on its way to the TPM (Part 1, 14.2). */
export function encryptAuth12(session: Session12, auth: Uint8Array): Uint8Array {
  const pad = sha1(session.key, session.nonceEven);
  return auth.map((octet, n) => octet ^ (pad[n] as number));
}
