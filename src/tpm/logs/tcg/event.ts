import type { HashAlgorithm } from '../../../base/index.js';
import { tcgEventTypeName } from './event-types.js';

/** TPM_ALG_ID of the banks that can be replayed (TPM 2.0 Part 2, 6.3). */
export const bankIds: Readonly<Record<HashAlgorithm, number>> = { sha1: 0x4, sha256: 0xb, sha384: 0xc, sha512: 0xd };

const bankNames = new Map<number, HashAlgorithm>(
  Object.entries(bankIds).map(([name, id]) => [id, name as HashAlgorithm]),
);

/** The bank of an algorithm identifier, undefined for those that we cannot compute (as SM3). */
export function bankOf(id: number): HashAlgorithm | undefined {
  return bankNames.get(id);
}

/** One event; `digests` holds the banks that can be replayed. */
export interface TcgEvent {
  /** Counted from 0, the header included. */
  readonly index: number;
  readonly pcr: number;
  readonly type: number;
  readonly typeName: string;
  readonly digests: Readonly<Partial<Record<HashAlgorithm, Uint8Array>>>;
  readonly data: Uint8Array;
}

/** Makes an event; the name follows from the type. */
export function tcgEvent(parts: Omit<TcgEvent, 'typeName'>): TcgEvent {
  return { ...parts, typeName: tcgEventTypeName(parts.type) };
}

/** TCG_EfiSpecIDEventStruct, the head of a crypto-agile log (PC Client Platform Firmware Profile, 10.4.5.1). */
export interface SpecIdEvent {
  readonly platformClass: number;
  readonly versionMajor: number;
  readonly versionMinor: number;
  readonly errata: number;
  readonly uintnSize: number;
  readonly algorithms: readonly { readonly id: number; readonly digestSize: number }[];
  readonly vendorInfo: Uint8Array;
}

/** An event log as read. */
export interface TcgEventLog {
  readonly format: 'sha1' | 'crypto_agile';
  readonly specId: SpecIdEvent | null;
  readonly banks: readonly HashAlgorithm[];
  readonly events: readonly TcgEvent[];
  /** Locality of TPM2_Startup: 3 or 4 set PCR 0's first value; 0 where the log says nothing. */
  readonly startupLocality: number;
}
