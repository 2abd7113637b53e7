// Archives as schemas are published in: PKWARE APPNOTE 6.3, central directory, stored and deflated entries.
import { crc32, inflateRawSync } from 'node:zlib';
import { DecodeError } from '../../base/index.js';

export interface ArchiveLimits {
  /** Bytes of one file. Default 16 MiB. */
  readonly mostBytes?: number;
  /** Bytes of all files. Default 256 MiB. */
  readonly mostBytesInAll?: number;
  /** Default 20 000. */
  readonly mostFiles?: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const endLength = 22;
const longestComment = 0xffff;

function findEnd(archive: Buffer): number {
  const first = Math.max(0, archive.length - endLength - longestComment);
  for (let at = archive.length - endLength; at >= first; at--) {
    if (archive.readUInt32LE(at) === endSignature) return at;
  }
  throw new DecodeError('bad_archive', 'not a zip archive', 0);
}

function need(archive: Buffer, at: number, length: number): void {
  if (at < 0 || at + length > archive.length) throw new DecodeError('bad_archive', 'the archive is cut short', at);
}

interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly checksum: number;
  readonly packed: number;
  readonly size: number;
  readonly local: number;
  readonly next: number;
}

function readEntry(archive: Buffer, at: number): Entry {
  need(archive, at, 46);
  if (archive.readUInt32LE(at) !== entrySignature) throw new DecodeError('bad_archive', 'no directory entry', at);
  const nameLength = archive.readUInt16LE(at + 28);
  need(archive, at + 46, nameLength);
  return {
    name: archive.toString('utf8', at + 46, at + 46 + nameLength),
    flags: archive.readUInt16LE(at + 8),
    method: archive.readUInt16LE(at + 10),
    checksum: archive.readUInt32LE(at + 16),
    packed: archive.readUInt32LE(at + 20),
    size: archive.readUInt32LE(at + 24),
    local: archive.readUInt32LE(at + 42),
    next: at + 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32),
  };
}

const encrypted = 1;

function unpack(archive: Buffer, entry: Entry): Uint8Array {
  const content = inflate(archive, entry);
  if (content.length !== entry.size || crc32(content) !== entry.checksum) {
    throw new DecodeError('bad_archive', `${entry.name} is damaged`, entry.local);
  }
  return content;
}

function inflate(archive: Buffer, entry: Entry): Uint8Array {
  need(archive, entry.local, 30);
  if ((entry.flags & encrypted) !== 0) {
    throw new DecodeError('bad_archive', `${entry.name} is encrypted`, entry.local);
  }
  if (archive.readUInt32LE(entry.local) !== localSignature) {
    throw new DecodeError('bad_archive', `no content of ${entry.name}`, entry.local);
  }
  const skipped = archive.readUInt16LE(entry.local + 26) + archive.readUInt16LE(entry.local + 28);
  const from = entry.local + 30 + skipped;
  need(archive, from, entry.packed);
  const packed = archive.subarray(from, from + entry.packed);
  if (entry.method === 0) return packed;
  if (entry.method !== 8) throw new DecodeError('bad_archive', `unknown compression of ${entry.name}`, entry.local);
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(entry.size, 1) });
  } catch (cause) {
    throw new DecodeError('bad_archive', `${entry.name} cannot be unpacked`, entry.local, { cause });
  }
}

/**
 * The files of a zip archive by name, folders left out.
 * @throws DecodeError `bad_archive`; `archive_too_large` beyond the limits
 */
export function readZip(bytes: Uint8Array, limits: ArchiveLimits = {}): Map<string, Uint8Array> {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { mostBytes = 1 << 24, mostBytesInAll = 1 << 28, mostFiles = 20_000 } = limits;
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  if (count > mostFiles) throw new DecodeError('archive_too_large', `${count} files, at most ${mostFiles}`, end);
  const files = new Map<string, Uint8Array>();
  let at = archive.readUInt32LE(end + 16);
  let total = 0;
  for (let index = 0; index < count; index++) {
    const entry = readEntry(archive, at);
    at = entry.next;
    if (entry.name.endsWith('/')) continue;
    total += entry.size;
    if (entry.size > mostBytes || total > mostBytesInAll) {
      throw new DecodeError('archive_too_large', `${entry.name} makes the archive too large`, entry.local);
    }
    files.set(entry.name, unpack(archive, entry));
  }
  return files;
}
