import { DecodeError } from '../../base/index.js';

/** A regular file in an archive. */
export interface TarFile {
  readonly path: string;
  readonly content: AsyncIterable<Uint8Array>;
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

/** `path` of a pax header: records `length key=value\n`. */
function paxPath(records: string): string | null {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(records)?.[1] ?? null;
}

const regular = new Set(['0', '\0', '7']);

/**
 * Regular files of a tar archive (POSIX ustar and pax, GNU long names), one after another; contents are streamed, and what
 * the caller does not read is skipped.
 * @throws DecodeError `truncated`, `bad_archive`
 */
export async function* readTar(stream: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const source = new Source(stream);
  let longName: string | null = null;
  for (;;) {
    const header = await source.exactly(block);
    if (header.every((octet) => octet === 0)) return;
    const size = sizeOf(header, source.offset - block);
    const padding = (block - (size % block)) % block;
    const kind = String.fromCharCode(header[156] as number);
    if (kind === 'L' || kind === 'x') {
      if (size > maxHeader) throw new DecodeError('bad_archive', 'a name without end', source.offset);
      const content = (await source.exactly(size)).toString('utf8');
      await source.skip(padding);
      longName = kind === 'L' ? content.replace(/\0.*$/s, '') : (paxPath(content) ?? longName);
      continue;
    }
    const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
    const path = longName ?? (prefix === '' ? '' : `${prefix}/`) + text(header, 0, 100);
    longName = null;
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
      yield { path, content: content() };
    }
    await source.skip(left + padding);
  }
}
