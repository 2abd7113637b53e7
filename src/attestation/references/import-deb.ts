import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { posix } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DecodeError, type HashAlgorithm, messageOf } from '../../base/index.js';
import { ReferenceError } from './database.js';
import { logPath, type ReferenceEntry } from './entry.js';
import { type ImportOptions, importedFields } from './reference-json.js';
import { readTar } from './tar.js';

export interface DebOptions extends ImportOptions {
  readonly algorithm?: HashAlgorithm;
}

const magic = '!<arch>\n';
const headerSize = 60;
/** Directories that are links into /usr where /usr is merged: logs name files by their real place. */
const merged = /^\/(bin|sbin|lib|lib32|lib64|libx32)\//;

const refused = (why: string, cause?: unknown): ReferenceError =>
  new ReferenceError('bad_import', why, cause === undefined ? {} : { cause });

/** Octets of a control file that are read into memory. */
const mostControl = 4 << 20;

interface Member {
  readonly name: string;
  readonly start: number;
  readonly size: number;
}

/** Members of an ar archive, the outer form of a package (deb(5)). */
async function membersOf(file: string): Promise<readonly Member[]> {
  const handle = await open(file, 'r');
  try {
    const { size: end } = await handle.stat();
    const header = Buffer.alloc(headerSize);
    await handle.read(header, 0, magic.length, 0);
    if (header.toString('latin1', 0, magic.length) !== magic) throw refused(`${file} is not a Debian package`);
    const members: Member[] = [];
    for (let at = magic.length; at + headerSize <= end && members.length < 16; ) {
      await handle.read(header, 0, headerSize, at);
      const size = Number(header.toString('latin1', 48, 58).trim());
      if (!Number.isSafeInteger(size) || size < 0 || header.toString('latin1', 58, 60) !== '`\n') {
        throw refused(`${file} is damaged`);
      }
      if (at + headerSize + size > end) throw refused(`${file} is cut off`);
      members.push({ name: header.toString('latin1', 0, 16).trim().replace(/\/$/, ''), start: at + headerSize, size });
      at += headerSize + size + (size & 1);
    }
    return members;
  } finally {
    await handle.close();
  }
}

/** Programs that undo a compression which this runtime cannot. */
const programs: Readonly<Record<string, string>> = { xz: 'xz', zst: 'zstd', bz2: 'bzip2', lzma: 'xz' };

async function* fromProgram(
  program: string,
  input: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array> {
  const child = spawn(program, ['-dc'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? -1));
  });
  ended.catch(() => undefined);
  // The reader may stop before the end; what the program does then is of no interest.
  child.stdin.on('error', () => undefined);
  const feed = async (): Promise<void> => {
    for await (const part of input) {
      if (child.stdin.destroyed) return;
      if (!child.stdin.write(part))
        await new Promise<void>((resolve) => {
          child.stdin.once('drain', resolve);
          child.stdin.once('close', resolve);
        });
    }
    child.stdin.end();
  };
  void feed().catch(() => child.kill());
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>;
    if ((await ended) !== 0) throw refused(`${file} is damaged`);
  } catch (error) {
    if (error instanceof ReferenceError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw refused(missing ? `to read ${file} the program ${program} must be installed` : messageOf(error), error);
  } finally {
    child.stdout.destroy();
    child.kill();
  }
}

async function tarOf(file: string, name: 'control.tar' | 'data.tar'): Promise<AsyncIterable<Uint8Array>> {
  const member = (await membersOf(file)).find((item) => item.name === name || item.name.startsWith(`${name}.`));
  if (member === undefined) throw refused(`${file} has no ${name}`);
  const raw = createReadStream(file, { start: member.start, end: member.start + member.size - 1 });
  const form = member.name.slice(name.length + 1);
  if (form === '') return raw;
  // What goes wrong with either ends the reading, not the process.
  if (form === 'gz') return pipeline(raw, createGunzip(), () => undefined);
  const program = programs[form];
  if (program === undefined) throw refused(`${file}: compression ${form} is not known`);
  return fromProgram(program, raw, file);
}

async function controlOf(file: string): Promise<string> {
  for await (const { path, content } of readTar(await tarOf(file, 'control.tar'))) {
    if (posix.normalize(path) !== 'control') continue;
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of content) {
      if ((size += part.length) > mostControl)
        throw refused(`${file}: a control file of more than ${mostControl} octets`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  }
  return '';
}

async function digestOf(content: AsyncIterable<Uint8Array>, algorithm: HashAlgorithm): Promise<string> {
  const hash = createHash(algorithm);
  for await (const part of content) hash.update(part);
  return hash.digest('hex');
}

const field = (control: string, name: string): string | undefined =>
  new RegExp(`^${name}: *(.*)$`, 'm').exec(control)?.[1]?.trim();

/**
 * The files of a Debian package as good entries, with package and version of its control file. Where a file lies in a
 * directory that merged systems have below /usr, both places are listed. Nothing is unpacked to disk; the package's own
 * signature is not looked at: take packages from where you verified them.
 * @throws ReferenceError `bad_import`: no package, damaged, or compressed by a program that is not installed (xz, zstd)
 */
export async function* entriesOfDeb(file: string, options: DebOptions = {}): AsyncGenerator<ReferenceEntry> {
  const algorithm = options.algorithm ?? 'sha256';
  try {
    const control = await controlOf(file);
    const named = options.package ?? field(control, 'Package');
    const version = options.version ?? field(control, 'Version');
    const facts: ImportOptions = {
      ...options,
      ...(named === undefined ? {} : { package: named }),
      ...(version === undefined ? {} : { version }),
    };
    const fields = importedFields(facts, 'deb');
    const digests = new Map<string, string>();
    for await (const { path, content, linkTo } of readTar(await tarOf(file, 'data.tar'))) {
      const place = posix.join('/', path);
      const known = linkTo === null ? undefined : digests.get(posix.join('/', linkTo));
      if (linkTo !== null && known === undefined)
        throw refused(`${file}: ${path} is a link to ${linkTo}, which is not there`);
      const digest = known ?? (await digestOf(content, algorithm));
      digests.set(place, digest);
      const places = merged.test(place) ? [place, `/usr${place}`] : [place];
      for (const where of places) yield { algorithm, digest, path: logPath(where), status: 'good', ...fields };
    }
  } catch (error) {
    if (error instanceof ReferenceError) throw error;
    if (error instanceof DecodeError) throw refused(`${file}: ${error.message}`, error);
    throw refused(`${file}: ${messageOf(error)}`, error);
  }
}
