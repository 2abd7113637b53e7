import { ByteReader, concatBytes, digestSizes, hash } from '../../../base/index.js';
import {
  encodeNvPublic,
  handleTypes,
  nvAttributes,
  nvNameOf,
  type NvPublic,
  nvTypes,
  readNvPublic,
  readSized,
  type TpmCommand,
  tpmHandles,
  trimAuth,
  writeSized,
} from '../../../tpm/index.js';
import type { CommandCall, CommandHandler } from '../core/call.js';
import { limits } from '../core/engine.js';
import { fail, failHandle, failParameter } from '../core/failure.js';
import { accessible, hasNv, readableNv, setNv, writableNv } from '../core/nv-access.js';
import type { NvIndex } from '../core/state.js';
import { toNumber, toOctets } from '../crypto/numbers.js';

const { ppWrite, ownerWrite, authWrite, policyWrite, ppRead, ownerRead, authRead, policyRead } = nvAttributes;
const anyWrite = ppWrite | ownerWrite | authWrite | policyWrite;
const anyRead = ppRead | ownerRead | authRead | policyRead;
const reserved = 0x01f00300;

function typeOf({ attributes }: NvPublic): number {
  return (attributes >>> 4) & 0xf;
}

function checkDefinition(area: NvPublic, byPlatform: boolean): void {
  const { attributes } = area;
  const has = (bit: number): boolean => (attributes & bit) !== 0;
  const refuse = (): never => failParameter('TPM_RC_ATTRIBUTES', 2);
  const type = typeOf(area);
  if (area.index >>> 24 !== handleTypes.nvIndex) failParameter('TPM_RC_VALUE', 2);
  if (has(reserved)) failParameter('TPM_RC_RESERVED_BITS', 2);
  if (!(Object.values(nvTypes) as number[]).includes(type)) refuse();
  if (area.authPolicy.length !== 0 && area.authPolicy.length !== digestSizes[area.nameAlgorithm])
    failParameter('TPM_RC_SIZE', 2);
  if (has(nvAttributes.written) || has(nvAttributes.writeLocked) || has(nvAttributes.readLocked)) refuse();
  if (!has(anyWrite) || !has(anyRead)) refuse();
  if (has(nvAttributes.platformCreate) !== byPlatform) failHandle('TPM_RC_ATTRIBUTES', 1);
  if (has(nvAttributes.policyDelete) && !byPlatform) refuse();
  if (type === nvTypes.counter && has(nvAttributes.clearStClear)) refuse();
  const sizes: Partial<Record<number, number>> = {
    [nvTypes.counter]: 8,
    [nvTypes.bits]: 8,
    [nvTypes.extend]: digestSizes[area.nameAlgorithm],
  };
  const size = sizes[type];
  if (size === undefined ? area.dataSize > limits.nvSize : area.dataSize !== size) failParameter('TPM_RC_SIZE', 2);
}

/** TPM2_NV_DefineSpace (TPM 2.0 Part 3, 31.3). */
function nvDefineSpace({ engine, handles, parameters }: CommandCall): void {
  const auth = parameters.sized(64);
  const area = parameters.next((reader) => {
    const inner = new ByteReader(readSized(reader));
    const read = readNvPublic(inner);
    inner.end('TPMS_NV_PUBLIC');
    return read;
  });
  parameters.end();
  const { nv } = engine.permanent;
  checkDefinition(area, handles[0] === tpmHandles.platform);
  if (auth.length > digestSizes[area.nameAlgorithm]) failParameter('TPM_RC_SIZE', 1);
  if (nv.has(area.index)) fail('TPM_RC_NV_DEFINED');
  if (nv.size >= limits.nvIndices) fail('TPM_RC_NV_SPACE');
  nv.set(area.index, { publicArea: area, auth: trimAuth(auth), data: new Uint8Array(area.dataSize).fill(0xff) });
  engine.dirty = true;
}

/** TPM2_NV_UndefineSpace (Part 3, 31.4). */
function nvUndefineSpace({ engine, handles, parameters }: CommandCall): void {
  const [authority, handle] = handles as readonly [number, number];
  parameters.end();
  const index = engine.permanent.nv.get(handle) ?? fail('TPM_RC_HANDLE');
  if (hasNv(index, nvAttributes.policyDelete)) failHandle('TPM_RC_ATTRIBUTES', 2);
  if (hasNv(index, nvAttributes.platformCreate) && authority !== tpmHandles.platform) fail('TPM_RC_NV_AUTHORIZATION');
  engine.permanent.nv.delete(handle);
  engine.dirty = true;
}

/** TPM2_NV_ReadPublic (Part 3, 31.6). */
function nvReadPublic({ engine, handles, parameters, out }: CommandCall): void {
  parameters.end();
  const { publicArea } = engine.permanent.nv.get(handles[0] as number) ?? fail('TPM_RC_HANDLE');
  writeSized(out, encodeNvPublic(publicArea));
  writeSized(out, nvNameOf(publicArea));
}

/** TPM2_NV_Write (Part 3, 31.7). */
function nvWrite({ engine, handles, parameters }: CommandCall): void {
  const [authHandle, handle] = handles as readonly [number, number];
  const data = parameters.sized(limits.nvBuffer);
  const offset = parameters.u16();
  parameters.end();
  const index = writableNv(engine, authHandle, handle);
  if (typeOf(index.publicArea) !== nvTypes.ordinary) fail('TPM_RC_ATTRIBUTES');
  const { dataSize } = index.publicArea;
  if (offset + data.length > dataSize) fail('TPM_RC_NV_RANGE');
  if (hasNv(index, nvAttributes.writeAll) && data.length !== dataSize) fail('TPM_RC_NV_RANGE');
  index.data.set(data, offset);
  setNv(index, nvAttributes.written);
  engine.dirty = true;
}

/** TPM2_NV_Read (Part 3, 31.13). */
function nvRead({ engine, handles, parameters, out }: CommandCall): void {
  const [authHandle, handle] = handles as readonly [number, number];
  const size = parameters.u16();
  if (size > limits.nvBuffer) parameters.refuse('TPM_RC_VALUE');
  const offset = parameters.u16();
  parameters.end();
  const index = readableNv(engine, authHandle, handle);
  if (offset + size > index.publicArea.dataSize) fail('TPM_RC_NV_RANGE');
  writeSized(out, index.data.subarray(offset, offset + size));
}

/** TPM2_NV_Increment (Part 3, 31.8). A new counter goes on where the highest one ever was. */
function nvIncrement({ engine, handles, parameters }: CommandCall): void {
  const [authHandle, handle] = handles as readonly [number, number];
  parameters.end();
  const { permanent } = engine;
  const index = writableNv(engine, authHandle, handle);
  if (typeOf(index.publicArea) !== nvTypes.counter) failHandle('TPM_RC_ATTRIBUTES', 2);
  const value = (hasNv(index, nvAttributes.written) ? toNumber(index.data) : permanent.highestCounter) + 1n;
  index.data = toOctets(value, 8);
  if (value > permanent.highestCounter) permanent.highestCounter = value;
  setNv(index, nvAttributes.written);
  engine.dirty = true;
}

/** TPM2_NV_SetBits (Part 3, 31.10). */
function nvSetBits({ engine, handles, parameters }: CommandCall): void {
  const [authHandle, handle] = handles as readonly [number, number];
  const bits = parameters.u64();
  parameters.end();
  const index = writableNv(engine, authHandle, handle);
  if (typeOf(index.publicArea) !== nvTypes.bits) failHandle('TPM_RC_ATTRIBUTES', 2);
  const before = hasNv(index, nvAttributes.written) ? toNumber(index.data) : 0n;
  index.data = toOctets(before | bits, 8);
  setNv(index, nvAttributes.written);
  engine.dirty = true;
}

/** TPM2_NV_Extend (Part 3, 31.9). */
function nvExtend({ engine, handles, parameters }: CommandCall): void {
  const [authHandle, handle] = handles as readonly [number, number];
  const data = parameters.sized(limits.nvBuffer);
  parameters.end();
  const index = writableNv(engine, authHandle, handle);
  if (typeOf(index.publicArea) !== nvTypes.extend) failHandle('TPM_RC_ATTRIBUTES', 2);
  const before = hasNv(index, nvAttributes.written) ? index.data : new Uint8Array(index.publicArea.dataSize);
  index.data = hash(index.publicArea.nameAlgorithm, concatBytes(before, data)).slice();
  setNv(index, nvAttributes.written);
  engine.dirty = true;
}

/** TPM2_NV_WriteLock (Part 3, 31.11). */
function nvWriteLock({ engine, handles, parameters }: CommandCall): void {
  const [authHandle, handle] = handles as readonly [number, number];
  parameters.end();
  const index = accessible(engine, authHandle, handle, ownerWrite, ppWrite);
  if (!hasNv(index, nvAttributes.writeDefine) && !hasNv(index, nvAttributes.writeStClear))
    failHandle('TPM_RC_ATTRIBUTES', 2);
  setNv(index, nvAttributes.writeLocked);
  engine.dirty = true;
}

/** TPM2_NV_ReadLock (Part 3, 31.14). */
function nvReadLock({ engine, handles, parameters }: CommandCall): void {
  const [authHandle, handle] = handles as readonly [number, number];
  parameters.end();
  const index = accessible(engine, authHandle, handle, ownerRead, ppRead);
  if (!hasNv(index, nvAttributes.readStClear)) failHandle('TPM_RC_ATTRIBUTES', 2);
  setNv(index, nvAttributes.readLocked);
  engine.dirty = true;
}

/** TPM2_NV_ChangeAuth (Part 3, 31.15). */
function nvChangeAuth({ engine, handles, parameters }: CommandCall): void {
  const auth = parameters.sized(64);
  parameters.end();
  const index: NvIndex = engine.permanent.nv.get(handles[0] as number) ?? fail('TPM_RC_HANDLE');
  if (auth.length > digestSizes[index.publicArea.nameAlgorithm]) failParameter('TPM_RC_SIZE', 1);
  index.auth = trimAuth(auth);
  engine.dirty = true;
}

export const nvCommands: readonly (readonly [TpmCommand, CommandHandler])[] = [
  ['nvDefineSpace', nvDefineSpace],
  ['nvUndefineSpace', nvUndefineSpace],
  ['nvReadPublic', nvReadPublic],
  ['nvWrite', nvWrite],
  ['nvRead', nvRead],
  ['nvIncrement', nvIncrement],
  ['nvSetBits', nvSetBits],
  ['nvExtend', nvExtend],
  ['nvWriteLock', nvWriteLock],
  ['nvReadLock', nvReadLock],
  ['nvChangeAuth', nvChangeAuth],
];
