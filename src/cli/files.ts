import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf } from '../base/index.js';
import { UsageError } from './exit.js';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is no folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

function reasonOf(error: unknown): string {
  return reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? messageOf(error);
}

export function cannotRead(file: string, error: unknown): UsageError {
  return new UsageError(`cannot read ${file === '-' ? 'standard input' : file}: ${reasonOf(error)}`);
}

/** Bytes of a file, `-` for standard input. @throws UsageError */
export function readBytes(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file === '-' ? 0 : file));
  } catch (error) {
    throw cannotRead(file, error);
  }
}

/** @throws UsageError */
export function readText(file: string): string {
  return Buffer.from(readBytes(file)).toString('utf8');
}

/** Work that writes a file, and names it where that fails. @throws UsageError */
export function writing<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${reasonOf(error)}`);
  }
}

/** @throws UsageError */
export function writeBytes(file: string, content: string | Uint8Array): void {
  writing(file, () => writeFileSync(file, content));
}

/** A file for its owner alone (mode 0600), also where it was there already. @throws UsageError */
export function writeSecret(file: string, content: string | Uint8Array): void {
  writing(file, () => {
    rmSync(file, { force: true });
    writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
  });
}
