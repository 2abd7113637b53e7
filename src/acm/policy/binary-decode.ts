import { ByteReader, DecodeError, toHex } from '../../base/index.js';
import { chwallHeaderSize, componentCodes, componentVersion, policyMagic, steHeaderSize } from './binary-layout.js';

/** For each row the columns whose cell is 1, ascending. */
export type BinaryMatrix = readonly (readonly number[])[];

export interface BinaryChineseWall {
  readonly types: number;
  readonly rows: BinaryMatrix;
  readonly conflictSets: BinaryMatrix;
}

export interface BinaryTypeEnforcement {
  readonly types: number;
  readonly rows: BinaryMatrix;
}

/** What a binary policy says. Names of types and labels are not in it; row 1 is the bootstrap label. */
export interface BinaryPolicy {
  readonly format: 3 | 4;
  readonly name: string;
  readonly version: { readonly major: number; readonly minor: number };
  /** SHA-1 of the XML form in hex; null in format 3. */
  readonly sha1: string | null;
  readonly primary: number;
  readonly secondary: number;
  readonly chineseWall: BinaryChineseWall | null;
  readonly typeEnforcement: BinaryTypeEnforcement | null;
}

export type BinaryPolicyErrorCode =
  | 'bad_magic'
  | 'unsupported_version'
  | 'bad_length'
  | 'bad_offset'
  | 'bad_component'
  | 'bad_cell'
  | 'bad_name'
  | 'too_large';

/** A binary policy that breaks its own layout. */
export class BinaryPolicyError extends DecodeError<BinaryPolicyErrorCode> {}

/** Longest binary policy that is read, in bytes. */
export const maxBinaryPolicy = 256 * 1024 * 1024;

function readMatrix(bytes: Uint8Array, start: number, rows: number, columns: number): BinaryMatrix {
  if (rows * columns * 2 > bytes.length - start)
    throw new BinaryPolicyError('bad_offset', 'matrix beyond the end', start);
  const reader = new ByteReader(bytes.subarray(start));
  const matrix: number[][] = [];
  for (let row = 0; row < rows; row++) {
    const cells: number[] = [];
    for (let column = 0; column < columns; column++) {
      const cell = reader.u16();
      if (cell > 1) throw new BinaryPolicyError('bad_cell', `expected 0 or 1, got ${cell}`, start + reader.offset - 2);
      if (cell === 1) cells.push(column);
    }
    matrix.push(cells);
  }
  return matrix;
}

function component(bytes: Uint8Array, offset: number, code: number, size: number): ByteReader {
  if (offset > bytes.length - size) throw new BinaryPolicyError('bad_offset', 'component beyond the end', offset);
  const reader = new ByteReader(bytes.subarray(offset));
  const version = reader.u32();
  if (version !== componentVersion) throw new BinaryPolicyError('unsupported_version', `component ${version}`, offset);
  const found = reader.u32();
  if (found !== code) throw new BinaryPolicyError('bad_component', `expected code ${code}, got ${found}`, offset + 4);
  return reader;
}

// Rows without columns take no bytes, so the length of the file does not bound them.
function checkCounts(offset: number, ...counts: readonly number[]): void {
  if (counts.some((count) => count > 0x10000))
    throw new BinaryPolicyError('too_large', 'too many rows or types', offset);
}

function readChineseWall(bytes: Uint8Array, offset: number): BinaryChineseWall {
  const reader = component(bytes, offset, componentCodes.chineseWall, chwallHeaderSize);
  const types = reader.u32();
  const rows = reader.u32();
  const sets = reader.u32();
  checkCounts(offset, types, rows, sets);
  const part = bytes.subarray(offset);
  const rowsAt = reader.u32();
  const setsAt = reader.u32();
  return {
    types,
    rows: readMatrix(part, rowsAt, rows, types),
    conflictSets: readMatrix(part, setsAt, sets, types),
  };
}

function readTypeEnforcement(bytes: Uint8Array, offset: number): BinaryTypeEnforcement {
  const reader = component(bytes, offset, componentCodes.simpleTypeEnforcement, steHeaderSize);
  const types = reader.u32();
  const rows = reader.u32();
  checkCounts(offset, types, rows);
  return { types, rows: readMatrix(bytes.subarray(offset), reader.u32(), rows, types) };
}

function readName(bytes: Uint8Array, offset: number): string {
  if (offset > bytes.length - 4) throw new BinaryPolicyError('bad_offset', 'policy reference beyond the end', offset);
  const reader = new ByteReader(bytes.subarray(offset));
  const length = reader.u32();
  if (length === 0 || length > reader.remaining)
    throw new BinaryPolicyError('bad_name', 'bad length of the name', offset);
  const name = reader.take(length);
  if (name.indexOf(0) !== length - 1) throw new BinaryPolicyError('bad_name', 'name is not ended by one zero', offset);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(name.subarray(0, -1));
  } catch (error) {
    throw new BinaryPolicyError('bad_name', 'name is not UTF-8', offset, { cause: error });
  }
}

function readFormat(reader: ByteReader): 3 | 4 {
  const first = reader.u32();
  const second = reader.u32();
  // The oldest version 3 had these two words the other way round.
  const [magic, format] = first === 3 && second === policyMagic ? [second, first] : [first, second];
  if (magic !== policyMagic) throw new BinaryPolicyError('bad_magic', `got 0x${magic.toString(16)}`, 0);
  if (format !== 3 && format !== 4) throw new BinaryPolicyError('unsupported_version', `got ${format}`, 4);
  return format;
}

/**
 * Reads a binary policy, version 4 or 3.
 * @throws BinaryPolicyError; DecodeError `truncated`
 */
export function decodePolicyBinary(bytes: Uint8Array): BinaryPolicy {
  if (bytes.length > maxBinaryPolicy) throw new BinaryPolicyError('too_large', `${bytes.length} bytes`, 0);
  const reader = new ByteReader(bytes);
  const format = readFormat(reader);
  const length = reader.u32();
  if (length !== bytes.length) throw new BinaryPolicyError('bad_length', `says ${length}, is ${bytes.length}`, 8);
  const referenceAt = reader.u32();
  const components = [
    { code: reader.u32(), at: reader.u32() },
    { code: reader.u32(), at: reader.u32() },
  ] as const;
  const version = { major: reader.u32(), minor: reader.u32() };
  const sha1 = format === 4 ? toHex(reader.take(20)) : null;
  const [primary, secondary] = components;
  // Without Chinese Wall types the original points its one named component at the empty other one, which comes first.
  const shifted = primary.code === componentCodes.simpleTypeEnforcement && secondary.code === componentCodes.undefined;
  const at = (code: number): number | null => {
    if (shifted) return code === componentCodes.chineseWall ? primary.at : secondary.at;
    return components.find((candidate) => candidate.code === code)?.at ?? null;
  };
  const wallAt = at(componentCodes.chineseWall);
  const enforcementAt = at(componentCodes.simpleTypeEnforcement);
  return {
    format,
    name: readName(bytes, referenceAt),
    version,
    sha1,
    primary: primary.code,
    secondary: secondary.code,
    chineseWall: wallAt === null ? null : readChineseWall(bytes, wallAt),
    typeEnforcement: enforcementAt === null ? null : readTypeEnforcement(bytes, enforcementAt),
  };
}
