import {
  ByteReader,
  ByteWriter,
  DecodeError,
  digestSizes,
  hashAlgorithms,
  type HashAlgorithm,
} from '../../../base/index.js';
import { decodeNvPublic, encodeNvPublic, hierarchies, readSized, writeSized } from '../../../tpm/index.js';
import { readObject, writeObject } from './object.js';
import { PcrBanks } from './pcr-banks.js';
import { readSession, writeSession } from './session-codec.js';
import type { HierarchyState, PermanentState, ShutdownKind, VolatileState } from './state.js';

/** "TVTP" and "TVTV": permanent and volatile state of a software TPM. */
const permanentMagic = 0x54565450;
const volatileMagic = 0x54565456;
const format = 1;
const shutdownKinds: readonly ShutdownKind[] = ['none', 'clear', 'state'];
const maximumEntries = 4096;

function readHead(reader: ByteReader, magic: number): void {
  if (reader.u32() !== magic) throw new DecodeError('not_a_state', 'expected the state of a software TPM', 0);
  const found = reader.u16();
  if (found !== format) throw new DecodeError('state_format', `expected format ${format}, got ${found}`, 4);
}

function readCount(reader: ByteReader): number {
  const count = reader.u32();
  if (count > maximumEntries)
    throw new DecodeError('too_large', `expected at most ${maximumEntries} entries`, reader.offset);
  return count;
}

function writeBanks(writer: ByteWriter, banks: readonly HashAlgorithm[]): void {
  writer.u8(banks.length);
  for (const bank of banks) writer.u8(hashAlgorithms.indexOf(bank));
}

function readBanks(reader: ByteReader): readonly HashAlgorithm[] {
  return Array.from({ length: reader.u8() }, () => {
    const bank = hashAlgorithms[reader.u8()];
    if (bank === undefined) throw new DecodeError('unknown_hash', 'expected a known bank', reader.offset);
    return bank;
  });
}

/** What a TPM keeps without power, as octets. They hold its keys: encrypt them before they are stored. */
export function encodePermanentState(state: PermanentState): Uint8Array {
  const writer = new ByteWriter(2048).u32(permanentMagic).u16(format);
  writeBanks(writer, state.banks);
  for (const name of hierarchies) {
    const { seed, proof, auth, enabled } = state.hierarchies[name];
    writeSized(writer, seed);
    writeSized(writer, proof);
    writeSized(writer, auth);
    writer.u8(enabled ? 1 : 0);
  }
  const { lockout } = state;
  writer.u32(lockout.failures).u32(lockout.maxTries).u32(lockout.recoveryTime).u32(lockout.lockoutRecovery);
  writeSized(writer, lockout.lockoutAuth);
  writer.u64(lockout.lockoutBlockedUntil).u64(lockout.lastChange);
  writer
    .u8(state.clearDisabled ? 1 : 0)
    .u64(state.clock)
    .u32(state.resetCount)
    .u32(state.restartCount);
  writer.u8(shutdownKinds.indexOf(state.shutdown)).u64(state.highestCounter);
  writeSized(writer, state.savedPcrs ?? new Uint8Array(0));
  writer.u32(state.nv.size);
  for (const { publicArea, auth, data } of state.nv.values()) {
    writeSized(writer, encodeNvPublic(publicArea));
    writeSized(writer, auth);
    writeSized(writer, data);
  }
  writer.u32(state.persistent.size);
  for (const [handle, object] of state.persistent) {
    writer.u32(handle);
    writeObject(writer, object, hierarchies);
  }
  return writer.finish();
}

/** @throws DecodeError `not_a_state`, `state_format`, `truncated`, `trailing_bytes` */
export function decodePermanentState(bytes: Uint8Array): PermanentState {
  const reader = new ByteReader(bytes);
  readHead(reader, permanentMagic);
  const banks = readBanks(reader);
  const [owner, endorsement, platform, nullState] = hierarchies.map(() => readHierarchy(reader));
  if (owner === undefined || endorsement === undefined || platform === undefined || nullState === undefined) {
    throw new DecodeError('truncated', 'expected four hierarchies', reader.offset);
  }
  const lockout = {
    failures: reader.u32(),
    maxTries: reader.u32(),
    recoveryTime: reader.u32(),
    lockoutRecovery: reader.u32(),
    lockoutAuth: readSized(reader, 64),
    lockoutBlockedUntil: reader.u64(),
    lastChange: reader.u64(),
  };
  const state: PermanentState = {
    banks,
    hierarchies: { owner, endorsement, platform, null: nullState },
    lockout,
    clearDisabled: reader.u8() === 1,
    clock: reader.u64(),
    resetCount: reader.u32(),
    restartCount: reader.u32(),
    shutdown: shutdownKinds[reader.u8()] ?? 'none',
    highestCounter: reader.u64(),
    savedPcrs: emptyAsNull(readSized(reader)),
    nv: new Map(),
    persistent: new Map(),
  };
  for (let n = readCount(reader); n > 0; n--) {
    const publicArea = decodeNvPublic(readSized(reader));
    state.nv.set(publicArea.index, { publicArea, auth: readSized(reader, 64), data: readSized(reader) });
  }
  for (let n = readCount(reader); n > 0; n--) {
    const handle = reader.u32();
    state.persistent.set(handle, readObject(reader, hierarchies));
  }
  reader.end('the permanent state');
  return state;
}

function readHierarchy(reader: ByteReader): HierarchyState {
  return {
    seed: readSized(reader, 64),
    proof: readSized(reader, 64),
    auth: readSized(reader, 64),
    enabled: reader.u8() === 1,
  };
}

function emptyAsNull(bytes: Uint8Array): Uint8Array | null {
  return bytes.length === 0 ? null : bytes;
}

/** What a running TPM would lose without power, as octets: for suspend and migration. */
export function encodeVolatileState(state: VolatileState): Uint8Array {
  const writer = new ByteWriter(8192).u32(volatileMagic).u16(format);
  writer
    .u8(state.started ? 1 : 0)
    .u64(state.time)
    .u8(state.clockSafe ? 1 : 0);
  writeSized(writer, state.contextKey);
  writer.u64(state.savedContexts.next).u32(state.pcrs.updateCounter);
  writeBanks(writer, state.pcrs.banks);
  for (const bank of state.pcrs.banks) writer.bytes(state.pcrs.octets(bank) ?? new Uint8Array(0));
  writer.u32(state.objects.size);
  for (const [handle, object] of state.objects) {
    writer.u32(handle);
    writeObject(writer, object, hierarchies);
  }
  writer.u32(state.sessions.size);
  for (const session of state.sessions.values()) writeSession(writer, session, hashAlgorithms);
  writer.u32(state.savedSessions.size);
  for (const [handle, sequence] of state.savedSessions) writer.u32(handle).u64(sequence);
  return writer.finish();
}

/** @throws DecodeError as {@link decodePermanentState} */
export function decodeVolatileState(bytes: Uint8Array): VolatileState {
  const reader = new ByteReader(bytes);
  readHead(reader, volatileMagic);
  const started = reader.u8() === 1;
  const time = reader.u64();
  const clockSafe = reader.u8() === 1;
  const contextKey = readSized(reader, 32);
  const next = reader.u64();
  const updateCounter = reader.u32();
  const pcrs = new PcrBanks(readBanks(reader));
  for (const bank of pcrs.banks) pcrs.octets(bank)?.set(reader.take(24 * digestSizes[bank]));
  pcrs.updateCounter = updateCounter;
  const objects: VolatileState['objects'] = new Map();
  for (let n = readCount(reader); n > 0; n--) {
    const handle = reader.u32();
    objects.set(handle, readObject(reader, hierarchies));
  }
  const sessions: VolatileState['sessions'] = new Map();
  for (let n = readCount(reader); n > 0; n--) {
    const session = readSession(reader, hashAlgorithms);
    sessions.set(session.handle, session);
  }
  const savedSessions: VolatileState['savedSessions'] = new Map();
  for (let n = readCount(reader); n > 0; n--) savedSessions.set(reader.u32(), reader.u64());
  reader.end('the volatile state');
  return {
    pcrs,
    objects,
    sessions,
    savedSessions,
    savedContexts: { next },
    started,
    time,
    clockSafe,
    contextKey,
    hashSequence: null,
  };
}
