import {
  type ByteReader,
  type ByteWriter,
  DecodeError,
  hashAlgorithms,
  type HashAlgorithm,
  ParseError,
} from '../../base/index.js';
import { tpmAlgorithms } from '../constants/index.js';
import { readHashAlgorithm } from './primitives.js';

/** PCRs of one bank (TPMS_PCR_SELECTION), indexes ascending. */
export interface PcrBankSelection {
  readonly bank: HashAlgorithm;
  readonly indexes: readonly number[];
}

/** TPML_PCR_SELECTION: banks in the order in which they are quoted. */
export type PcrSelection = readonly PcrBankSelection[];

const pcrCount = 24;
const maximumBanks = 16;

/** Reads TPML_PCR_SELECTION (TPM 2.0 Part 2, 10.9.7). @throws DecodeError `truncated`, `too_large`, `unknown_hash` */
export function readPcrSelection(reader: ByteReader): PcrSelection {
  const count = reader.u32();
  if (count > maximumBanks)
    throw new DecodeError('too_large', `expected at most ${maximumBanks} banks, got ${count}`, reader.offset);
  const selection: PcrBankSelection[] = [];
  for (let n = 0; n < count; n++) {
    const bank = readHashAlgorithm(reader);
    const size = reader.u8();
    const bits = reader.take(size);
    const indexes: number[] = [];
    for (let index = 0; index < size * 8; index++) {
      if (((bits[index >> 3] as number) >> (index & 7)) & 1) indexes.push(index);
    }
    selection.push({ bank, indexes });
  }
  return selection;
}

/** @throws RangeError for an index that no bank has */
export function writePcrSelection(writer: ByteWriter, selection: PcrSelection): void {
  writer.u32(selection.length);
  for (const { bank, indexes } of selection) {
    writer.u16(tpmAlgorithms[bank]).u8(pcrCount / 8);
    let bits = 0;
    for (const index of indexes) {
      if (!(index >= 0 && index < pcrCount))
        throw new RangeError(`expected a register from 0 to ${pcrCount - 1}, got ${index}`);
      bits |= 1 << index;
    }
    writer
      .u8(bits & 0xff)
      .u8((bits >> 8) & 0xff)
      .u8((bits >> 16) & 0xff);
  }
}

/**
 * Reads the text form `sha256:0-10,14+sha1:10`; `all` stands for PCRs 0-23. Indexes come out ascending and once.
 * @throws ParseError `bad_pcr_selection`
 */
export function parsePcrSelection(text: string): PcrSelection {
  const selection: PcrBankSelection[] = [];
  let column = 1;
  for (const part of text.split('+')) {
    const match = /^\s*(\w{1,8}):([\d,\s-]{1,200}|all)\s*$/.exec(part);
    const bank = hashAlgorithms.find((name) => name === match?.[1]?.toLowerCase());
    const indexes = match?.[2] === undefined ? null : parseIndexes(match[2]);
    if (bank === undefined || indexes === null || selection.some((other) => other.bank === bank)) {
      throw new ParseError('bad_pcr_selection', 'expected bank:indexes, such as sha256:0-10,14', { line: 1, column });
    }
    selection.push({ bank, indexes });
    column += part.length + 1;
  }
  return selection;
}

function parseIndexes(text: string): readonly number[] | null {
  if (text === 'all') return Array.from({ length: pcrCount }, (_, index) => index);
  const found = new Set<number>();
  for (const range of text.split(',')) {
    const match = /^\s*(\d{1,2})(?:\s*-\s*(\d{1,2}))?\s*$/.exec(range);
    if (match === null) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (first > last || last >= pcrCount) return null;
    for (let index = first; index <= last; index++) found.add(index);
  }
  return [...found].sort((a, b) => a - b);
}

/** The text form that {@link parsePcrSelection} reads, with runs as ranges. */
export function formatPcrSelection(selection: PcrSelection): string {
  return selection.map(({ bank, indexes }) => `${bank}:${formatIndexes(indexes)}`).join('+');
}

function formatIndexes(indexes: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const index of indexes) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === index - 1) run[1] = index;
    else runs.push([index, index]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
