import { type ByteReader, type ByteWriter, type HashAlgorithm } from '../../../base/index.js';
import { readSized, writeSized } from '../../../tpm/index.js';
import type { ParameterCipher, Session } from './session.js';

const kinds = ['hmac', 'policy', 'trial'] as const;
const absent = 0xffffffff;

/** A session as saved contexts and the volatile state hold it. `algorithms` number the hashes. */
export function writeSession(writer: ByteWriter, session: Session, algorithms: readonly HashAlgorithm[]): void {
  const { policy, cipher } = session;
  writer.u32(session.handle).u8(kinds.indexOf(session.kind)).u8(algorithms.indexOf(session.hash));
  writeSized(writer, session.key);
  writer.u16(cipher === null ? 0 : cipher.kind === 'aes' ? cipher.keyBits : algorithms.indexOf(cipher.hash) + 1);
  writer.u8(session.bound === null ? 0 : 1);
  writeSized(writer, session.bound ?? new Uint8Array(0));
  writeSized(writer, session.nonceTpm);
  writeSized(writer, policy.digest);
  writer.u32(policy.commandCode ?? absent).u32(policy.pcrCounter ?? absent);
  writer.u8((policy.authValueNeeded ? 1 : 0) | (policy.passwordNeeded ? 2 : 0)).u8(policy.localities);
}

/** @throws DecodeError */
export function readSession(reader: ByteReader, algorithms: readonly HashAlgorithm[]): Session {
  const handle = reader.u32();
  const kind = kinds[reader.u8()] ?? 'trial';
  const hash = algorithms[reader.u8()] ?? 'sha256';
  const key = readSized(reader, 64);
  const cipher = cipherOf(reader.u16(), algorithms);
  const isBound = reader.u8() === 1;
  const bound = readSized(reader, 256);
  const nonceTpm = readSized(reader, 64);
  const digest = readSized(reader, 64);
  const commandCode = reader.u32();
  const pcrCounter = reader.u32();
  const flags = reader.u8();
  const policy = {
    digest,
    commandCode: commandCode === absent ? null : commandCode,
    pcrCounter: pcrCounter === absent ? null : pcrCounter,
    authValueNeeded: (flags & 1) !== 0,
    passwordNeeded: (flags & 2) !== 0,
    localities: reader.u8(),
  };
  return { handle, kind, hash, key, cipher, bound: isBound ? bound : null, nonceTpm, policy };
}

function cipherOf(code: number, algorithms: readonly HashAlgorithm[]): ParameterCipher | null {
  if (code === 0) return null;
  return code >= 128 ? { kind: 'aes', keyBits: code } : { kind: 'xor', hash: algorithms[code - 1] ?? 'sha256' };
}
