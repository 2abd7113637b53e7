import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ByteReader, ByteWriter, concatBytes, hashAlgorithms } from '../../../base/index.js';
import { handleTypes, hierarchies, readSized, type TpmCommand, tpmHandles, writeSized } from '../../../tpm/index.js';
import type { CommandCall, CommandHandler } from '../core/call.js';
import { type Engine, hierarchyOfHandle } from '../core/engine.js';
import { fail, failParameter } from '../core/failure.js';
import { readObject, type TpmObject, writeObject } from '../core/object.js';
import { decoded } from '../core/parameters.js';
import type { Session } from '../core/session.js';
import { readSession, writeSession } from '../core/session-codec.js';

const nonceSize = 12;
const tagSize = 16;

/** What is bound to a saved context besides its octets. */
function bindingOf(sequence: bigint, handle: number, hierarchy: number): Uint8Array {
  return new ByteWriter(16).u64(sequence).u32(handle).u32(hierarchy).finish();
}

function seal({ volatile, randomness }: Engine, binding: Uint8Array, plain: Uint8Array): Uint8Array {
  const nonce = randomness.bytes(nonceSize);
  const aes = createCipheriv('aes-256-gcm', volatile.contextKey, nonce).setAAD(binding);
  return concatBytes(nonce, aes.update(plain), aes.final(), aes.getAuthTag());
}

function open({ volatile }: Engine, binding: Uint8Array, blob: Uint8Array): Uint8Array {
  if (blob.length < nonceSize + tagSize) failParameter('TPM_RC_SIZE', 1);
  const aes = createDecipheriv('aes-256-gcm', volatile.contextKey, blob.subarray(0, nonceSize)).setAAD(binding);
  aes.setAuthTag(blob.subarray(-tagSize));
  const plain = aes.update(blob.subarray(nonceSize, -tagSize));
  try {
    return concatBytes(plain, aes.final());
  } catch {
    return failParameter('TPM_RC_INTEGRITY', 1);
  }
}

/** TPM2_ContextSave (TPM 2.0 Part 3, 28.2). A session leaves the TPM, an object stays. */
function contextSave({ engine, handles, parameters, out }: CommandCall): void {
  parameters.end();
  const handle = handles[0] as number;
  const { volatile } = engine;
  const sequence = volatile.savedContexts.next++;
  const body = new ByteWriter(512);
  let hierarchy: number = tpmHandles.null;
  let saved = handle;
  const session = volatile.sessions.get(handle);
  if (session !== undefined) {
    writeSession(body, session, hashAlgorithms);
    volatile.sessions.delete(handle);
    volatile.savedSessions.set(handle, sequence);
  } else {
    const object = engine.object(handle);
    writeObject(body, object, hierarchies);
    hierarchy = tpmHandles[object.hierarchy];
    saved = (handleTypes.transient << 24) >>> 0;
  }
  out.u64(sequence).u32(saved).u32(hierarchy);
  writeSized(out, seal(engine, bindingOf(sequence, saved, hierarchy), body.finish()));
}

/** TPM2_ContextLoad (Part 3, 28.3). A session can be loaded once from each saved context. */
function contextLoad(call: CommandCall): void {
  const { engine, parameters } = call;
  const context = parameters.next((reader) => ({
    sequence: reader.u64(),
    handle: reader.u32(),
    hierarchy: reader.u32(),
    blob: readSized(reader, 2048),
  }));
  parameters.end();
  if (hierarchyOfHandle(context.hierarchy) === undefined) failParameter('TPM_RC_VALUE', 1);
  const plain = open(engine, bindingOf(context.sequence, context.handle, context.hierarchy), context.blob);
  const reader = new ByteReader(plain);
  if (context.handle >>> 24 === handleTypes.transient) {
    engine.requireRoom();
    const object: TpmObject = decoded('TPM_RC_SIZE', () => readObject(reader, hierarchies));
    call.responseHandle = engine.load(object);
    return;
  }
  const { sessions, savedSessions } = engine.volatile;
  if (savedSessions.get(context.handle) !== context.sequence) failParameter('TPM_RC_HANDLE', 1);
  const session: Session = decoded('TPM_RC_SIZE', () => readSession(reader, hashAlgorithms));
  if (session.handle !== context.handle) fail('TPM_RC_BAD_CONTEXT');
  savedSessions.delete(context.handle);
  sessions.set(session.handle, session);
  call.responseHandle = session.handle;
}

export const contextCommands: readonly (readonly [TpmCommand, CommandHandler])[] = [
  ['contextSave', contextSave],
  ['contextLoad', contextLoad],
];
