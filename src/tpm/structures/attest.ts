import { ByteReader, ByteWriter, DecodeError, unreachable } from '../../base/index.js';
import { generatedValue, structureTags } from '../constants/index.js';
import { type ClockInfo, readClockInfo, readTimeInfo, type TimeInfo, writeClockInfo, writeTimeInfo } from './clock.js';
import { type PcrSelection, readPcrSelection, writePcrSelection } from './pcr-selection.js';
import { readSized, writeSized } from './primitives.js';

/** What was attested (TPMU_ATTEST). */
export type Attested =
  | { readonly kind: 'quote'; readonly selection: PcrSelection; readonly pcrDigest: Uint8Array }
  | { readonly kind: 'certify'; readonly name: Uint8Array; readonly qualifiedName: Uint8Array }
  | { readonly kind: 'creation'; readonly objectName: Uint8Array; readonly creationHash: Uint8Array }
  | { readonly kind: 'nv'; readonly indexName: Uint8Array; readonly offset: number; readonly contents: Uint8Array }
  | { readonly kind: 'nv-digest'; readonly indexName: Uint8Array; readonly digest: Uint8Array }
  | { readonly kind: 'time'; readonly timeInfo: TimeInfo; readonly reportedFirmware: bigint };

/** TPMS_ATTEST (TPM 2.0 Part 2, 10.12.12). */
export interface Attest {
  /** Qualified Name of the signing key. */
  readonly qualifiedSigner: Uint8Array;
  readonly extraData: Uint8Array;
  readonly clockInfo: ClockInfo;
  readonly firmwareVersion: bigint;
  readonly attested: Attested;
}

const kinds = {
  quote: structureTags.attestQuote,
  certify: structureTags.attestCertify,
  creation: structureTags.attestCreation,
  nv: structureTags.attestNv,
  'nv-digest': structureTags.attestNvDigest,
  time: structureTags.attestTime,
} as const satisfies Record<Attested['kind'], number>;

/**
 * Decodes a whole TPMS_ATTEST.
 * @throws DecodeError `not_generated` without the magic value that only a TPM signs; `unknown_attest`, `truncated`, `trailing_bytes`
 */
export function decodeAttest(bytes: Uint8Array): Attest {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== generatedValue) throw new DecodeError('not_generated', 'expected TPM_GENERATED_VALUE', 0);
  const tag = reader.u16();
  const kind = (Object.keys(kinds) as Attested['kind'][]).find((name) => kinds[name] === tag);
  if (kind === undefined)
    throw new DecodeError('unknown_attest', `expected a kind of attestation, got 0x${tag.toString(16)}`, 4);
  const attest: Attest = {
    qualifiedSigner: readSized(reader),
    extraData: readSized(reader),
    clockInfo: readClockInfo(reader),
    firmwareVersion: reader.u64(),
    attested: readAttested(reader, kind),
  };
  reader.end('TPMS_ATTEST');
  return attest;
}

function readAttested(reader: ByteReader, kind: Attested['kind']): Attested {
  switch (kind) {
    case 'quote':
      return { kind, selection: readPcrSelection(reader), pcrDigest: readSized(reader) };
    case 'certify':
      return { kind, name: readSized(reader), qualifiedName: readSized(reader) };
    case 'creation':
      return { kind, objectName: readSized(reader), creationHash: readSized(reader) };
    case 'nv':
      return { kind, indexName: readSized(reader), offset: reader.u16(), contents: readSized(reader) };
    case 'nv-digest':
      return { kind, indexName: readSized(reader), digest: readSized(reader) };
    case 'time':
      return { kind, timeInfo: readTimeInfo(reader), reportedFirmware: reader.u64() };
    default:
      return unreachable(kind);
  }
}

export function encodeAttest(attest: Attest): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u32(generatedValue).u16(kinds[attest.attested.kind]);
  writeSized(writer, attest.qualifiedSigner);
  writeSized(writer, attest.extraData);
  writeClockInfo(writer, attest.clockInfo);
  writer.u64(attest.firmwareVersion);
  writeAttested(writer, attest.attested);
  return writer.finish();
}

function writeAttested(writer: ByteWriter, attested: Attested): void {
  switch (attested.kind) {
    case 'quote':
      writePcrSelection(writer, attested.selection);
      writeSized(writer, attested.pcrDigest);
      return;
    case 'certify':
      writeSized(writer, attested.name);
      writeSized(writer, attested.qualifiedName);
      return;
    case 'creation':
      writeSized(writer, attested.objectName);
      writeSized(writer, attested.creationHash);
      return;
    case 'nv':
      writeSized(writer, attested.indexName);
      writer.u16(attested.offset);
      writeSized(writer, attested.contents);
      return;
    case 'nv-digest':
      writeSized(writer, attested.indexName);
      writeSized(writer, attested.digest);
      return;
    case 'time':
      writeTimeInfo(writer, attested.timeInfo);
      writer.u64(attested.reportedFirmware);
  }
}
