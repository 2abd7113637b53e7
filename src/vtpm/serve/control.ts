import { ByteReader, ByteWriter, messageOf } from '../../base/index.js';
import type { Log } from '../../base/index.js';
import type { SoftwareTpm } from '../software/index.js';

/** TPM_RESULT values of swtpm's control channel. */
const results = { ok: 0, badParameter: 3, fail: 9, badOrdinal: 10 } as const;

/** CMD_GET_CAPABILITY: initialise, shut down, get and set state, store volatile, set locality, stop. */
const capabilities = 0x0001 | 0x0002 | 0x0008 | 0x0100 | 0x0200 | 0x0400 | 0x2000;

const maximumState = 512 * 1024;
const stateTypes = { permanent: 1, volatile: 2, saved: 3 } as const;

/** What the control channel does with the TPM. */
export interface ControlTarget {
  tpm(): SoftwareTpm | null;
  /** CMD_INIT. */
  init(deleteVolatile: boolean): Promise<void>;
  /** CMD_STOP: power off. */
  stop(): Promise<void>;
  storeVolatile(): Promise<void>;
  /** State for the next CMD_INIT; it is on disk afterwards. @throws DecodeError for what is none */
  setState(type: 'permanent' | 'volatile', state: Uint8Array): Promise<void>;
  /** CMD_HASH_START, CMD_HASH_DATA and CMD_HASH_END: one measurement; false where none has begun, or for too much of it. */
  hashStart(): void;
  hashData(data: Uint8Array): boolean;
  hashEnd(): Promise<boolean>;
  /** CMD_SHUTDOWN. */
  shutdown(): Promise<void>;
}

/** Octets of one request at the beginning of what was received: a length, or null while too little is there. */
export function controlRequestLength(received: Uint8Array): number | null {
  if (received.length < 4) return null;
  const view = new DataView(received.buffer, received.byteOffset, received.length);
  switch (view.getUint32(0)) {
    case 2:
      return 8;
    case 5:
    case 0x0b:
      return 5;
    case 7:
      return received.length < 8 ? null : 8 + view.getUint32(4);
    case 0x0c:
      return 16;
    case 0x0d:
      return received.length < 16 ? null : 16 + view.getUint32(12);
    case 0x11:
      return 8;
    case 0x12:
      return 20;
    default:
      return 4;
  }
}

/** Carries out one request of swtpm's control protocol; the octets of the answer. */
export async function answerControl(target: ControlTarget, request: Uint8Array, log: Log): Promise<Uint8Array> {
  const reader = new ByteReader(request);
  const command = reader.u32();
  try {
    return await answer(target, command, reader);
  } catch (error) {
    log.warn('vtpm_control_failed', { command, error: messageOf(error) });
    return result(results.fail);
  }
}

function result(code: number): Uint8Array {
  return new ByteWriter(4).u32(code).finish();
}

async function answer(target: ControlTarget, command: number, reader: ByteReader): Promise<Uint8Array> {
  switch (command) {
    case 1:
      return new ByteWriter(8).u32(0).u32(capabilities).finish();
    case 2:
      await target.init((reader.u32() & 1) === 1);
      return result(results.ok);
    case 3:
      await target.shutdown();
      return result(results.ok);
    case 4:
      return new ByteWriter(8).u32(0).u32(0).finish();
    case 5:
      return setLocality(target, reader.u8());
    case 6:
      if (target.tpm() === null) return result(results.badOrdinal);
      target.hashStart();
      return result(results.ok);
    case 7:
      return result(target.hashData(reader.take(reader.u32())) ? results.ok : results.badOrdinal);
    case 8:
      return result((await target.hashEnd()) ? results.ok : results.badOrdinal);
    case 9:
    case 0x0b:
      return result(results.ok);
    case 0x0a:
      if (target.tpm() === null) return result(results.badOrdinal);
      await target.storeVolatile();
      return result(results.ok);
    case 0x0c:
      return getState(target, reader);
    case 0x0d:
      return setState(target, reader);
    case 0x0e:
      await target.stop();
      return result(results.ok);
    case 0x0f:
      return new ByteWriter(8).u32(0).u32(0).finish();
    case 0x11:
      return new ByteWriter(16).u32(0).u32(4096).u32(4096).u32(4096).finish();
    default:
      return result(results.badOrdinal);
  }
}

function setLocality(target: ControlTarget, locality: number): Uint8Array {
  if (locality > 4) return result(results.badParameter);
  target.tpm()?.setLocality(locality);
  return result(results.ok);
}

function getState(target: ControlTarget, reader: ByteReader): Uint8Array {
  reader.skip(4);
  const type = reader.u32();
  const offset = reader.u32();
  const tpm = target.tpm();
  const head = (code: number, total: number, length: number): ByteWriter =>
    new ByteWriter(16 + length).u32(code).u32(0).u32(total).u32(length);
  if (type === stateTypes.saved) return head(0x800, 0, 0).finish();
  if (tpm === null) return head(results.badOrdinal, 0, 0).finish();
  const state = type === stateTypes.permanent ? tpm.savePermanentState() : tpm.saveVolatileState();
  const part = state.subarray(offset);
  return head(results.ok, state.length, part.length).bytes(part).finish();
}

async function setState(target: ControlTarget, reader: ByteReader): Promise<Uint8Array> {
  reader.skip(4);
  const type = reader.u32();
  const length = reader.u32();
  if (length > maximumState) return result(results.badParameter);
  const state = reader.take(length);
  if (target.tpm() !== null) return result(results.badOrdinal);
  if (type !== stateTypes.permanent && type !== stateTypes.volatile) return result(results.badParameter);
  await target.setState(type === stateTypes.permanent ? 'permanent' : 'volatile', state.slice());
  return result(results.ok);
}
