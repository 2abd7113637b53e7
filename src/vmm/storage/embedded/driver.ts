import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../../../base/index.js';
import { VmmError } from '../../errors.js';
import type { EraseWatch, StorageDriver } from '../driver.js';

const blockBytes = 1 << 20;

function pathOf(resource: string): string {
  if (!resource.startsWith('file:/')) throw new VmmError('driver_failed', [`${resource} is not a file of this host`]);
  return resource.slice('file:'.length);
}

async function overwrite(path: string, watch: EraseWatch, delay: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const zeros = Buffer.alloc(Math.min(blockBytes, size));
    for (let at = 0; at < size; ) {
      if (delay > 0) await wait(delay);
      watch.signal.throwIfAborted();
      const { bytesWritten } = await file.write(zeros, 0, Math.min(zeros.length, size - at), at);
      at += bytesWritten;
      watch.progress(at / size);
    }
    await file.sync();
    watch.progress(1);
  } finally {
    await file.close();
  }
}

/**
 * Volumes as sparse files in a folder.
 * @param delay milliseconds that each mebibyte of an erasure takes, as it does with a slow disk
 */
export function createEmbeddedStorage(folder: string, delay = 0): StorageDriver {
  const guarded = async <T>(what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof VmmError || (signal?.aborted === true && error === signal.reason)) throw error;
      throw new VmmError('driver_failed', [`${what}: ${messageOf(error)}`], { cause: error });
    }
  };

  const placeOf = (uuid: string): string => join(folder, `${uuid}.img`);

  return {
    name: 'embedded',
    capacity: () =>
      guarded(folder, async () => {
        const { bsize, blocks } = await statfs(folder, { bigint: true }).catch(async () => {
          await mkdir(folder, { recursive: true, mode: 0o700 });
          return statfs(folder, { bigint: true });
        });
        return bsize * blocks;
      }),
    locate: (uuid) => `file:${placeOf(uuid)}`,
    create: (uuid, sizeBytes) =>
      guarded(`volume ${uuid}`, async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const path = placeOf(uuid);
        const file = await open(path, 'a', 0o600);
        try {
          await file.truncate(sizeBytes);
        } finally {
          await file.close();
        }
        return `file:${path}`;
      }),
    copy: (resource, uuid) =>
      guarded(resource, async () => {
        const path = placeOf(uuid);
        // A copy has its name only when it is whole.
        await copyFile(pathOf(resource), `${path}.part`, constants.COPYFILE_FICLONE);
        await rename(`${path}.part`, path);
        return `file:${path}`;
      }),
    remove: (resource) =>
      guarded(resource, async () => {
        await rm(pathOf(resource), { force: true });
        await rm(`${pathOf(resource)}.part`, { force: true });
      }),
    erase: (resource, watch) => guarded(resource, () => overwrite(pathOf(resource), watch, delay), watch.signal),
    exists: (resource) =>
      guarded(resource, () =>
        stat(pathOf(resource)).then(
          () => true,
          () => false,
        ),
      ),
  };
}
