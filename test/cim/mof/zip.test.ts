import { crc32, deflateRawSync } from 'node:zlib';
import { DecodeError } from '../../../src/base/index.js';
import { readZip } from '../../../src/cim/mof/index.js';

interface Member {
  readonly name: string;
  readonly content: string;
  readonly stored?: boolean;
}

/** An archive as other programs write them. */
function archiveOf(members: readonly Member[], comment = ''): Uint8Array {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const { name, content, stored } of members) {
    const raw = Buffer.from(content);
    const packed = stored === true ? raw : deflateRawSync(raw);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(stored === true ? 0 : 8, 10);
    entry.writeUInt32LE(crc32(raw), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(raw.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(name), packed);
    entries.push(entry, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return new Uint8Array(Buffer.concat([...locals, directory, end, Buffer.from(comment)]));
}

const members: Member[] = [
  { name: 'a.mof', content: 'class T_A { };'.repeat(50) },
  { name: 'sub/', content: '', stored: true },
  { name: 'sub/b.mof', content: 'stored', stored: true },
  { name: 'empty', content: '' },
];

/** Code of the error that `work` throws; null if it throws nothing. */
function codeOf(work: () => unknown): string | null {
  try {
    work();
  } catch (error) {
    if (error instanceof DecodeError) return String(error.code);
    throw error;
  }
  return null;
}

test('files are read by name, folders left out', () => {
  const files = readZip(archiveOf(members, 'a comment'));
  expect([...files.keys()]).toEqual(['a.mof', 'sub/b.mof', 'empty']);
  expect(Buffer.from(files.get('a.mof') ?? []).toString()).toBe(members[0]?.content);
  expect(Buffer.from(files.get('sub/b.mof') ?? []).toString()).toBe('stored');
});

test('limits hold', () => {
  const archive = archiveOf(members);
  expect(codeOf(() => readZip(archive, { mostFiles: 3 }))).toBe('archive_too_large');
  expect(codeOf(() => readZip(archive, { mostBytes: 100 }))).toBe('archive_too_large');
  expect(codeOf(() => readZip(archive, { mostBytesInAll: 100 }))).toBe('archive_too_large');
});

test('a file that is larger than it says is refused', () => {
  const archive = archiveOf([{ name: 'a', content: 'x'.repeat(10_000) }]);
  const at = Buffer.from(archive).indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  new DataView(archive.buffer).setUint32(at + 24, 10, true);
  expect(codeOf(() => readZip(archive))).toBe('bad_archive');
});

test('a file that is not what was packed, or encrypted, is refused', () => {
  const change = (archive: Uint8Array, at: number): Uint8Array => {
    archive[at] = (archive[at] ?? 0) ^ 1;
    return archive;
  };
  const stored = archiveOf([{ name: 'a', content: 'class T_A { };', stored: true }]);
  expect(codeOf(() => readZip(change(stored, 35)))).toBe('bad_archive');
  const locked = archiveOf([{ name: 'a', content: 'class T_A { };' }]);
  const entry = Buffer.from(locked).indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  expect(() => readZip(change(locked, entry + 8))).toThrow('encrypted');
});

test('an archive cut anywhere is refused, or the rest is read, but nothing else is thrown', () => {
  const archive = archiveOf(members);
  expect(codeOf(() => readZip(new Uint8Array(0)))).toBe('bad_archive');
  for (let from = 1; from < archive.length; from++) {
    for (const piece of [archive.subarray(from), archive.subarray(0, archive.length - from)]) {
      expect([null, 'bad_archive', 'archive_too_large']).toContain(codeOf(() => readZip(piece)));
    }
  }
});
