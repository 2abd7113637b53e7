import { ByteReader, ByteWriter, DecodeError, TvdcError } from '../../base/index.js';

/**
 * What travels when a virtual machine moves: all that is not said by the proposal. The virtual TPM is encrypted to the
 * destination; the rest is protected by the connection.
 */
export interface MigrationCargo {
  /** Of the proposal that was accepted, hex. */
  readonly digest: string;
  /** The driver's; null for a machine that is off. */
  readonly memory: Uint8Array | null;
  /** What the virtual TPMs of the source exported; null without one. */
  readonly tpm: Uint8Array | null;
  /** Logs of the last boot; null if it never booted measured. */
  readonly logs: { readonly events: Uint8Array; readonly measurements: Uint8Array } | null;
}

const mark = 'tvdc-cargo-1';
/** Octets of one cargo at most. */
export const mostCargo = 256 << 20;

function writePart(writer: ByteWriter, part: Uint8Array | null): void {
  writer.u8(part === null ? 0 : 1);
  if (part !== null) writer.u32(part.length).bytes(part);
}

function readPart(reader: ByteReader): Uint8Array | null {
  const there = reader.u8();
  if (there > 1) throw new DecodeError('not_cargo', `expected 0 or 1, got ${there}`, reader.offset);
  return there === 0 ? null : reader.take(reader.u32()).slice();
}

const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'));

export function encodeCargo({ digest, memory, tpm, logs }: MigrationCargo): Uint8Array {
  const writer = new ByteWriter(64 * 1024);
  for (const part of [octets(mark), octets(digest), memory, tpm, logs?.events ?? null, logs?.measurements ?? null])
    writePart(writer, part);
  return writer.finish();
}

/** @throws TvdcError `bad_cargo` */
export function decodeCargo(bytes: Uint8Array): MigrationCargo {
  try {
    const reader = new ByteReader(bytes);
    const [found, digest, memory, tpm, events, measurements] = Array.from({ length: 6 }, () => readPart(reader));
    reader.end('the cargo');
    if (Buffer.from(found ?? []).toString() !== mark) throw new DecodeError('not_cargo', `expected ${mark}`, 0);
    return {
      digest: Buffer.from(digest ?? []).toString(),
      memory: memory ?? null,
      tpm: tpm ?? null,
      logs: events && measurements ? { events, measurements } : null,
    };
  } catch (cause) {
    throw new TvdcError('bad_cargo', 'what was transferred for a migration cannot be read', { cause });
  }
}
