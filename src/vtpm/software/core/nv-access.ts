import { nvAttributes, tpmHandles } from '../../../tpm/index.js';
import type { Engine } from './engine.js';
import { fail } from './failure.js';
import type { NvIndex } from './state.js';

export function hasNv({ publicArea }: NvIndex, bit: number): boolean {
  return (publicArea.attributes & bit) !== 0;
}

export function setNv(index: NvIndex, bit: number): void {
  index.publicArea = { ...index.publicArea, attributes: (index.publicArea.attributes | bit) >>> 0 };
}

/** An index that the authorization may read (TPM 2.0 Part 3, 31.1). */
export function readableNv(engine: Engine, authHandle: number, handle: number): NvIndex {
  const index = accessible(engine, authHandle, handle, nvAttributes.ownerRead, nvAttributes.ppRead);
  if (hasNv(index, nvAttributes.readLocked)) fail('TPM_RC_NV_LOCKED');
  if (!hasNv(index, nvAttributes.written)) fail('TPM_RC_NV_UNINITIALIZED');
  return index;
}

/** An index that the authorization may write. */
export function writableNv(engine: Engine, authHandle: number, handle: number): NvIndex {
  const index = accessible(engine, authHandle, handle, nvAttributes.ownerWrite, nvAttributes.ppWrite);
  if (hasNv(index, nvAttributes.writeLocked)) fail('TPM_RC_NV_LOCKED');
  return index;
}

/** An index that is authorized by itself, its owner or the platform, as its attributes allow. */
export function accessible(
  engine: Engine,
  authHandle: number,
  handle: number,
  ownerBit: number,
  platformBit: number,
): NvIndex {
  const index = engine.permanent.nv.get(handle);
  if (index === undefined) fail('TPM_RC_HANDLE');
  const allowed =
    authHandle === tpmHandles.owner
      ? hasNv(index, ownerBit)
      : authHandle === tpmHandles.platform
        ? hasNv(index, platformBit)
        : authHandle === handle;
  return allowed ? index : fail('TPM_RC_NV_AUTHORIZATION');
}
