import { ByteReader, DecodeError, digestSizes, type HashAlgorithm } from '../../../base/index.js';
import { bankOf, type SpecIdEvent, type TcgEvent, tcgEvent, type TcgEventLog } from './event.js';
import { tcgEventTypes } from './event-types.js';

/** What an event log may cost. */
export interface TcgLimits {
  readonly events: number;
  readonly eventBytes: number;
}

/** Firmware writes a few hundred events; as many as this are read without keeping others waiting. */
export const defaultTcgLimits: TcgLimits = { events: 16_384, eventBytes: 16 << 20 };

const signature = (text: string): Buffer => Buffer.from(text.padEnd(16, '\0'), 'latin1');
/** Signatures that open the data of EV_NO_ACTION events, 16 octets. */
export const specIdSignature = signature('Spec ID Event03');
export const localitySignature = signature('StartupLocality');

const hasSignature = (data: Uint8Array, wanted: Buffer): boolean =>
  data.length >= 16 && wanted.compare(data, 0, 16) === 0;

function decodeSpecId(data: Uint8Array): SpecIdEvent {
  const reader = new ByteReader(data);
  reader.skip(16);
  const platformClass = reader.u32le();
  const versionMinor = reader.u8();
  const versionMajor = reader.u8();
  const errata = reader.u8();
  const uintnSize = reader.u8();
  const count = reader.u32le();
  if (count === 0 || count > 16) throw new DecodeError('bad_spec_id', `${count} algorithms`, reader.offset);
  const algorithms = Array.from({ length: count }, () => ({ id: reader.u16le(), digestSize: reader.u16le() }));
  for (const { id, digestSize } of algorithms) {
    const bank = bankOf(id);
    if (bank === undefined ? digestSize === 0 || digestSize > 128 : digestSize !== digestSizes[bank]) {
      throw new DecodeError('bad_spec_id', `algorithm ${id} with ${digestSize} octets`, reader.offset);
    }
  }
  const vendorInfo = reader.take(reader.u8());
  reader.end('the Spec ID event');
  return { platformClass, versionMajor, versionMinor, errata, uintnSize, algorithms, vendorInfo };
}

function eventData(reader: ByteReader, limits: TcgLimits): Uint8Array {
  const size = reader.u32le();
  if (size > limits.eventBytes) throw new DecodeError('limit_exceeded', `an event of ${size} bytes`, reader.offset);
  return reader.take(size);
}

function oldEvent(reader: ByteReader, index: number, limits: TcgLimits): TcgEvent {
  const pcr = reader.u32le();
  const type = reader.u32le();
  const digests = { sha1: reader.take(20) };
  return tcgEvent({ index, pcr, type, digests, data: eventData(reader, limits) });
}

function agileEvent(reader: ByteReader, index: number, specId: SpecIdEvent, limits: TcgLimits): TcgEvent {
  const pcr = reader.u32le();
  const type = reader.u32le();
  const count = reader.u32le();
  if (count > specId.algorithms.length) throw new DecodeError('bad_event', `${count} digests`, reader.offset);
  const digests: Partial<Record<HashAlgorithm, Uint8Array>> = {};
  const seen = new Set<number>();
  for (let position = 0; position < count; position++) {
    const id = reader.u16le();
    const algorithm = specId.algorithms.find((candidate) => candidate.id === id);
    if (algorithm === undefined || seen.has(id)) {
      throw new DecodeError('bad_event', `digest of algorithm ${id}`, reader.offset);
    }
    seen.add(id);
    const digest = reader.take(algorithm.digestSize);
    const bank = bankOf(id);
    if (bank !== undefined) digests[bank] = digest;
  }
  return tcgEvent({ index, pcr, type, digests, data: eventData(reader, limits) });
}

function startupLocality(events: readonly TcgEvent[]): number {
  const event = events.find(
    ({ type, pcr, data }) => type === tcgEventTypes.EV_NO_ACTION && pcr === 0 && hasSignature(data, localitySignature),
  );
  const locality = event?.data[16] ?? 0;
  if (event !== undefined && (event.data.length !== 17 || locality > 4)) {
    throw new DecodeError('bad_event', 'StartupLocality of another form', 0);
  }
  return locality;
}

/**
 * Reads `binary_bios_measurements`: crypto-agile where the first event is `Spec ID Event03`, else the SHA-1 form.
 * @throws DecodeError `truncated`, `trailing_bytes`, `bad_spec_id`, `bad_event`, `limit_exceeded`
 */
export function decodeEventLog(log: Uint8Array, limits: TcgLimits = defaultTcgLimits): TcgEventLog {
  const reader = new ByteReader(log);
  const events: TcgEvent[] = [];
  let specId: SpecIdEvent | null = null;
  while (reader.remaining > 0) {
    const index = events.length;
    if (index >= limits.events) throw new DecodeError('limit_exceeded', 'too many events', reader.offset);
    const event = specId === null ? oldEvent(reader, index, limits) : agileEvent(reader, index, specId, limits);
    if (event.pcr > 23 && !(event.type === tcgEventTypes.EV_NO_ACTION && event.pcr === 0xffffffff)) {
      throw new DecodeError('bad_event', `PCR ${event.pcr}`, reader.offset);
    }
    if (index === 0 && event.type === tcgEventTypes.EV_NO_ACTION && hasSignature(event.data, specIdSignature)) {
      specId = decodeSpecId(event.data);
    }
    events.push(event);
  }
  const banks = specId?.algorithms.flatMap(({ id }) => bankOf(id) ?? []) ?? ['sha1' as const];
  return {
    format: specId === null ? 'sha1' : 'crypto_agile',
    specId,
    banks,
    events,
    startupLocality: startupLocality(events),
  };
}
