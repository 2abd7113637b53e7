import { ByteReader, ByteWriter, DecodeError } from '../../base/index.js';
import { structureTags, type TpmCommand, tpmCommands } from '../constants/index.js';
import { TpmError, TpmTransportError } from '../errors.js';

/** Largest response that is read; TPMs send at most 4 096 octets. */
const maximumResponse = 8192;

/** One entry of the authorization area (TPMS_AUTH_COMMAND). */
export interface AuthorizationEntry {
  readonly handle: number;
  readonly nonce: Uint8Array;
  readonly attributes: number;
  readonly hmac: Uint8Array;
}

/** One entry of the authorization area of a response (TPMS_AUTH_RESPONSE). */
export interface AuthorizationAnswer {
  readonly nonce: Uint8Array;
  readonly attributes: number;
  readonly hmac: Uint8Array;
}

export interface DecodedResponse {
  readonly handle: number | null;
  readonly parameters: Uint8Array;
  readonly authorizations: readonly AuthorizationAnswer[];
}

/** A command frame (TPM 2.0 Part 1, 18). @param parameters octets, or what writes them */
export function encodeCommand(
  command: TpmCommand,
  handles: readonly number[],
  authorizations: readonly AuthorizationEntry[],
  parameters: Uint8Array | ((writer: ByteWriter) => void),
): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u16(authorizations.length > 0 ? structureTags.sessions : structureTags.noSessions);
  writer.u32(0).u32(tpmCommands[command].code);
  for (const handle of handles) writer.u32(handle);
  if (authorizations.length > 0) {
    const at = writer.length;
    writer.u32(0);
    for (const { handle, nonce, attributes, hmac } of authorizations) {
      writer.u32(handle).u16(nonce.length).bytes(nonce).u8(attributes).u16(hmac.length).bytes(hmac);
    }
    writer.patchU32(at, writer.length - at - 4);
  }
  if (parameters instanceof Uint8Array) writer.bytes(parameters);
  else parameters(writer);
  return writer.patchU32(2, writer.length).finish();
}

/** Response code of a frame without reading more of it. @throws TpmTransportError `tpm_protocol` */
export function responseCodeOf(response: Uint8Array): number {
  if (response.length < 10 || response.length > maximumResponse) {
    throw new TpmTransportError(
      'tpm_protocol',
      `expected a response of 10 to ${maximumResponse} bytes, got ${response.length}`,
    );
  }
  const view = new DataView(response.buffer, response.byteOffset, response.length);
  if (view.getUint32(2) !== response.length) {
    throw new TpmTransportError(
      'tpm_protocol',
      `expected a response of ${view.getUint32(2)} bytes, got ${response.length}`,
    );
  }
  return view.getUint32(6);
}

/** Reads a response frame. @throws TpmError for a response code but 0; TpmTransportError `tpm_protocol` for what is no response */
export function decodeResponse(command: TpmCommand, response: Uint8Array): DecodedResponse {
  const code = responseCodeOf(response);
  if (code !== 0) throw new TpmError(code, command);
  try {
    const reader = new ByteReader(response);
    const tag = reader.u16();
    reader.skip(8);
    const handle = tpmCommands[command].responseHandle ? reader.u32() : null;
    if (tag !== structureTags.sessions)
      return { handle, parameters: reader.take(reader.remaining), authorizations: [] };
    const parameters = reader.take(reader.u32());
    const authorizations: AuthorizationAnswer[] = [];
    while (reader.remaining > 0) {
      const nonce = reader.take(reader.u16());
      authorizations.push({ nonce, attributes: reader.u8(), hmac: reader.take(reader.u16()) });
    }
    return { handle, parameters, authorizations };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new TpmTransportError('tpm_protocol', `${command}: ${error.message}`, { cause: error });
  }
}
