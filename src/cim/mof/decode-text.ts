import { isUtf8 } from 'node:buffer';

/** A text, and what is wrong with it as such. */
export interface MofText {
  readonly text: string;
  /** Why nothing of it can be compiled, and where: bytes that are no text, a file that cannot be read. */
  readonly fault?: { readonly offset: number; readonly message: string };
}

const replacement = '\ufffd';
const replacementBytes = Buffer.from(replacement);

/** Offset in the text, and in the bytes, of the first byte that UTF-8 does not have there. */
function firstFault(text: string, bytes: Buffer): { readonly offset: number; readonly at: number } {
  let at = 0;
  let before = 0;
  for (let offset = text.indexOf(replacement); offset >= 0; offset = text.indexOf(replacement, offset + 1)) {
    at += Buffer.byteLength(text.slice(before, offset));
    before = offset;
    // The text may have the character itself.
    if (!bytes.subarray(at, at + replacementBytes.length).equals(replacementBytes)) return { offset, at };
  }
  return { offset: 0, at: 0 };
}

function decodeUtf16(bytes: Uint8Array, encoding: 'utf-16le' | 'utf-16be'): MofText {
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes) };
  } catch {
    const text = new TextDecoder(encoding).decode(bytes);
    return { text, fault: { offset: Math.max(text.indexOf(replacement), 0), message: 'this is not UTF-16' } };
  }
}

/**
 * A MOF text from its bytes: UTF-8, or UTF-16 with a byte order mark (DSP0004 clause 7). Bytes that are neither become its
 * `fault`: nothing of it is compiled.
 */
export function decodeText(content: Uint8Array): MofText {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decodeUtf16(bytes, 'utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decodeUtf16(bytes, 'utf-16be');
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return { text };
  const { offset, at } = firstFault(text, bytes);
  const byte = (bytes[at] ?? 0).toString(16).toUpperCase().padStart(2, '0');
  const message = `the byte 0x${byte} is not UTF-8: a MOF text is UTF-8, or UTF-16 with a byte order mark`;
  return { text, fault: { offset, message } };
}
