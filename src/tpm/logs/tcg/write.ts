import { ByteWriter, DecodeError, digestSizes, hash, type HashAlgorithm } from '../../../base/index.js';
import { bankIds } from './event.js';
import { tcgEventTypes } from './event-types.js';
import { localitySignature, specIdSignature } from './read.js';

export interface EventLogOptions {
  /** Banks of the log, in their order; the SHA-1 form has only `sha1`. Default SHA-1 and SHA-256. */
  readonly banks?: readonly HashAlgorithm[];
  readonly format?: 'sha1' | 'crypto_agile';
  /** 0 client, 1 server. */
  readonly platformClass?: number;
}

export interface EventInput {
  readonly pcr: number;
  readonly type: number;
  readonly data: Uint8Array;
  /** What was measured, if not the data itself. */
  readonly measured?: Uint8Array;
  /** Digests that are known already; those of other banks are computed. */
  readonly digests?: Readonly<Partial<Record<HashAlgorithm, Uint8Array>>>;
}

/** What is to be extended. */
export interface EventExtension {
  readonly pcr: number;
  readonly digests: Readonly<Partial<Record<HashAlgorithm, Uint8Array>>>;
}

/** A firmware event log that is being written. */
export interface EventLogWriter {
  readonly length: number;
  /** Appends an event; the caller extends the PCR with what is returned (nothing for EV_NO_ACTION). */
  append(event: EventInput): EventExtension;
  /** Records the locality of TPM2_Startup (an EV_NO_ACTION event, nothing is extended). */
  startupLocality(locality: number): void;
  toBytes(): Uint8Array;
}

function specIdData(banks: readonly HashAlgorithm[], platformClass: number): Uint8Array {
  const out = new ByteWriter(64).bytes(specIdSignature).u32le(platformClass);
  // Version 2.0 errata 0, UINTN of 64 bits.
  out.u8(0).u8(2).u8(0).u8(2).u32le(banks.length);
  for (const bank of banks) out.u16le(bankIds[bank]).u16le(digestSizes[bank]);
  return out.u8(0).finish();
}

/** @throws DecodeError `bad_event` if the SHA-1 form is asked for with other banks */
export function createEventLog(options: EventLogOptions = {}): EventLogWriter {
  const format = options.format ?? 'crypto_agile';
  const banks = options.banks ?? (format === 'sha1' ? ['sha1'] : ['sha1', 'sha256']);
  if (format === 'sha1' && (banks.length !== 1 || banks[0] !== 'sha1')) {
    throw new DecodeError('bad_event', 'the SHA-1 form has only the SHA-1 bank', 0);
  }
  const out = new ByteWriter(1024);
  let length = 0;

  const writeOld = (pcr: number, type: number, sha1: Uint8Array, data: Uint8Array): void => {
    out.u32le(pcr).u32le(type).bytes(sha1).u32le(data.length).bytes(data);
    length++;
  };
  if (format === 'crypto_agile') {
    writeOld(0, tcgEventTypes.EV_NO_ACTION, new Uint8Array(20), specIdData(banks, options.platformClass ?? 0));
  }

  const append = (event: EventInput): EventExtension => {
    const silent = event.type === tcgEventTypes.EV_NO_ACTION;
    const digests: Partial<Record<HashAlgorithm, Uint8Array>> = {};
    for (const bank of banks) {
      const digest = silent
        ? new Uint8Array(digestSizes[bank])
        : (event.digests?.[bank] ?? hash(bank, event.measured ?? event.data));
      if (digest.length !== digestSizes[bank]) throw new DecodeError('bad_event', `digest of bank ${bank}`, 0);
      digests[bank] = digest;
    }
    if (format === 'sha1') {
      writeOld(event.pcr, event.type, digests.sha1 as Uint8Array, event.data);
    } else {
      out.u32le(event.pcr).u32le(event.type).u32le(banks.length);
      for (const bank of banks) out.u16le(bankIds[bank]).bytes(digests[bank] as Uint8Array);
      out.u32le(event.data.length).bytes(event.data);
      length++;
    }
    return { pcr: event.pcr, digests: silent ? {} : digests };
  };

  return {
    get length() {
      return length;
    },
    append,
    startupLocality(locality) {
      const data = new Uint8Array([...localitySignature, locality]);
      append({ pcr: 0, type: tcgEventTypes.EV_NO_ACTION, data });
    },
    toBytes: () => out.finish(),
  };
}
