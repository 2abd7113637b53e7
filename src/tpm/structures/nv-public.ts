import { ByteReader, ByteWriter, concatBytes, hash, type HashAlgorithm } from '../../base/index.js';
import { tpmAlgorithms } from '../constants/index.js';
import { readHashAlgorithm, readSized, writeSized } from './primitives.js';

/** TPMS_NV_PUBLIC (TPM 2.0 Part 2, 13.5). */
export interface NvPublic {
  readonly index: number;
  readonly nameAlgorithm: HashAlgorithm;
  /** TPMA_NV, see `nvAttributes`. */
  readonly attributes: number;
  readonly authPolicy: Uint8Array;
  readonly dataSize: number;
}

/** @throws DecodeError `truncated`, `unknown_hash` */
export function readNvPublic(reader: ByteReader): NvPublic {
  return {
    index: reader.u32(),
    nameAlgorithm: readHashAlgorithm(reader),
    attributes: reader.u32(),
    authPolicy: readSized(reader, 64),
    dataSize: reader.u16(),
  };
}

export function encodeNvPublic(area: NvPublic): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u32(area.index).u16(tpmAlgorithms[area.nameAlgorithm]).u32(area.attributes);
  writeSized(writer, area.authPolicy);
  return writer.u16(area.dataSize).finish();
}

/** Decodes a whole TPMS_NV_PUBLIC. */
export function decodeNvPublic(bytes: Uint8Array): NvPublic {
  const reader = new ByteReader(bytes);
  const area = readNvPublic(reader);
  reader.end('TPMS_NV_PUBLIC');
  return area;
}

/** Name of an NV index (TPM 2.0 Part 1, 16): it changes with the first write and with locks. */
export function nvNameOf(area: NvPublic): Uint8Array {
  const id = tpmAlgorithms[area.nameAlgorithm];
  return concatBytes(Uint8Array.of(id >> 8, id & 0xff), hash(area.nameAlgorithm, encodeNvPublic(area)));
}
