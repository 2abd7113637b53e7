import { isAscii, isUtf8 } from 'node:buffer';
import { DecodeError } from '../base/index.js';

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Offset of the first byte that is not part of well-formed UTF-8. */
function firstFault(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    // A cut inside a character is no fault: the character's start decides.
    if (isUtf8(bytes.subarray(0, wholeCharacters(bytes, middle)))) good = middle;
    else bad = middle;
  }
  return wholeCharacters(bytes, good);
}

/** Length of the longest prefix within `end` that does not cut a character. */
function wholeCharacters(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back] as number;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) {
      const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return wanted > back ? end - back : end;
    }
  }
  return end;
}

function decodeWhole(bytes: Uint8Array, offset: number): string {
  if (isAscii(bytes)) return bufferOf(bytes).toString('latin1');
  if (!isUtf8(bytes)) throw new DecodeError('bad_utf8', 'not UTF-8', offset + firstFault(bytes));
  return bufferOf(bytes).toString('utf8');
}

const byteOrderMark = '\ufeff';

/** Strict UTF-8 to text; a leading byte order mark is dropped. @throws DecodeError `bad_utf8` */
export function decodeUtf8(bytes: Uint8Array): string {
  const text = decodeWhole(bytes, 0);
  return text.startsWith(byteOrderMark) ? text.slice(1) : text;
}

/** The same for bytes that arrive in pieces: a character cut at the end of one piece waits for the next. */
export class Utf8Stream {
  #held: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #started = false;

  /** @throws DecodeError `bad_utf8`, offset from the start of the stream */
  push(chunk: Uint8Array): string {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const whole = wholeCharacters(bytes, bytes.length);
    const text = decodeWhole(bytes.subarray(0, whole), this.#offset);
    this.#held = whole === bytes.length ? new Uint8Array(0) : new Uint8Array(bytes.subarray(whole));
    this.#offset += whole;
    if (this.#started || text === '') return text;
    this.#started = true;
    return text.startsWith(byteOrderMark) ? text.slice(1) : text;
  }

  /** @throws DecodeError `bad_utf8` if the stream ends inside a character */
  end(): void {
    if (this.#held.length > 0) throw new DecodeError('bad_utf8', 'ends inside a character', this.#offset);
  }
}
