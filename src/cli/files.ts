import { readFileSync, writeFileSync } from 'node:fs';
import { messageOf } from '../base/index.js';
import { UsageError } from './exit.js';

/** Bytes of a file, `-` for standard input. @throws UsageError */
export function readBytes(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file === '-' ? 0 : file));
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${messageOf(error)}`);
  }
}

/** @throws UsageError */
export function readText(file: string): string {
  return Buffer.from(readBytes(file)).toString('utf8');
}

/** @throws UsageError */
export function writeBytes(file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${messageOf(error)}`);
  }
}
