import { DecodeError } from '../../base/index.js';

/** A regular file in an archive. */
export interface TarFile {
  readonly path: string;
  /** Empty for a hard link. */
  readonly content: AsyncIterable<Uint8Array>;
  /** Path of an earlier file of the archive that this one is another name of; null for files with a content. */
  readonly linkTo: string | null;
}

const block = 512;
const maxHeader = 1 << 20;

/** Takes exact amounts from a stream of octets. */
class Source {
  readonly #parts: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  offset = 0;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#parts = stream[Symbol.asyncIterator]();
  }

  /** Up to `most` octets; none at the end. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const next = await this.#parts.next();
      if (next.done === true) return this.#rest;
      this.#rest = next.value;
    }
    const out = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(out.length);
    this.offset += out.length;
    return out;
  }

  /** @throws DecodeError `truncated` */
  async exactly(count: number): Promise<Buffer> {
    const out = Buffer.alloc(count);
    for (let at = 0; at < count; ) {
      const part = await this.some(count - at);
      if (part.length === 0) throw new DecodeError('truncated', 'the archive ends within a file', this.offset);
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const part = await this.some(left);
      if (part.length === 0) throw new DecodeError('truncated', 'the archive ends within a file', this.offset);
      left -= part.length;
    }
  }
}

const text = (header: Buffer, at: number, length: number): string => {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
};

/** A size: octal digits, or binary where the first bit is set (GNU). */
function sizeOf(header: Buffer, offset: number): number {
  const field = header.subarray(124, 136);
  if ((field[0] as number) >= 0x80) return Number(field.readBigUInt64BE(4));
  const digits = text(header, 124, 12).trim();
  if (!/^[0-7]*$/.test(digits)) throw new DecodeError('bad_archive', 'a size that is no number', offset);
  return Number.parseInt(digits === '' ? '0' : digits, 8);
}

/** `path` or `linkpath` of a pax header: records `length key=value\n`. */
function paxText(records: string, key: 'path' | 'linkpath'): string | null {
  return new RegExp(`(?:^|\\n)\\d+ ${key}=([^\\n]*)\\n`).exec(records)?.[1] ?? null;
}

const regular = new Set(['0', '\0', '7']);
const hardLink = '1';

async function* nothing(): AsyncGenerator<Uint8Array> {
  // A link has no content of its own.
}

/**
 * Regular files and hard links of a tar archive (POSIX ustar and pax, GNU long names), one after another; contents are streamed, and what
 * the caller does not read is skipped.
 * @throws DecodeError `truncated`, `bad_archive`
 */
export async function* readTar(stream: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const source = new Source(stream);
  let longName: string | null = null;
  let longLink: string | null = null;
  for (;;) {
    const header = await source.exactly(block);
    if (header.every((octet) => octet === 0)) return;
    const size = sizeOf(header, source.offset - block);
    const padding = (block - (size % block)) % block;
    const kind = String.fromCharCode(header[156] as number);
    if (kind === 'L' || kind === 'K' || kind === 'x') {
      if (size > maxHeader) throw new DecodeError('bad_archive', 'a name without end', source.offset);
      const content = (await source.exactly(size)).toString('utf8');
      await source.skip(padding);
      if (kind === 'L') longName = content.replace(/\0.*$/s, '');
      else if (kind === 'K') longLink = content.replace(/\0.*$/s, '');
      else {
        longName = paxText(content, 'path') ?? longName;
        longLink = paxText(content, 'linkpath') ?? longLink;
      }
      continue;
    }
    const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
    const path = longName ?? (prefix === '' ? '' : `${prefix}/`) + text(header, 0, 100);
    const linkTo = longLink ?? text(header, 157, 100);
    longName = null;
    longLink = null;
    if (kind === hardLink) {
      yield { path, content: nothing(), linkTo };
      // Some writers state the size of the file that is linked to; nothing follows all the same.
      continue;
    }
    let left = size;
    if (regular.has(kind) && !path.endsWith('/')) {
      const content = async function* (): AsyncGenerator<Uint8Array> {
        while (left > 0) {
          const part = await source.some(left);
          if (part.length === 0) throw new DecodeError('truncated', 'the archive ends within a file', source.offset);
          left -= part.length;
          yield part;
        }
      };
      yield { path, content: content(), linkTo: null };
    }
    await source.skip(left + padding);
  }
}
