import { ByteReader, DecodeError, toHex } from '../../../base/index.js';
import type { TcgEvent } from './event.js';
import { tcgEventTypes } from './event-types.js';

/** What the data of an event say, where their form is fixed (PC Client Platform Firmware Profile, 10.4). */
export type TcgEventContent =
  | { readonly kind: 'variable'; readonly guid: string; readonly name: string; readonly value: Uint8Array }
  | {
      readonly kind: 'image';
      readonly address: bigint;
      readonly length: bigint;
      readonly linkTimeAddress: bigint;
      readonly devicePath: Uint8Array;
    }
  | { readonly kind: 'firmware_blob'; readonly description: string; readonly base: bigint; readonly length: bigint }
  | { readonly kind: 'separator'; readonly error: boolean }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'other' };

const t = tcgEventTypes;
const variableTypes = new Set<number>([
  t.EV_EFI_VARIABLE_DRIVER_CONFIG,
  t.EV_EFI_VARIABLE_BOOT,
  t.EV_EFI_VARIABLE_BOOT2,
  t.EV_EFI_VARIABLE_AUTHORITY,
]);
const imageTypes = new Set<number>([
  t.EV_EFI_BOOT_SERVICES_APPLICATION,
  t.EV_EFI_BOOT_SERVICES_DRIVER,
  t.EV_EFI_RUNTIME_SERVICES_DRIVER,
]);
const textTypes = new Set<number>([t.EV_ACTION, t.EV_EFI_ACTION, t.EV_IPL, t.EV_POST_CODE]);

/** Text of a GUID: the first three parts are stored little-endian. */
function guidText(raw: Uint8Array): string {
  const at = (from: number, to: number): string => toHex(raw.subarray(from, to));
  const turned = (from: number, to: number): string => toHex(raw.slice(from, to).reverse());
  return `${turned(0, 4)}-${turned(4, 6)}-${turned(6, 8)}-${at(8, 10)}-${at(10, 16)}`;
}

function size64(value: bigint, reader: ByteReader): number {
  if (value > BigInt(reader.remaining)) throw new DecodeError('truncated', `a part of ${value} bytes`, reader.offset);
  return Number(value);
}

function variable(reader: ByteReader): TcgEventContent {
  const guid = guidText(reader.take(16));
  const nameLength = reader.u64le();
  const valueLength = reader.u64le();
  const name = reader.take(size64(nameLength * 2n, reader));
  const value = reader.take(size64(valueLength, reader));
  reader.end('a UEFI variable');
  return { kind: 'variable', guid, name: Buffer.from(name).toString('utf16le'), value };
}

function image(reader: ByteReader): TcgEventContent {
  const address = reader.u64le();
  const length = reader.u64le();
  const linkTimeAddress = reader.u64le();
  const devicePath = reader.take(size64(reader.u64le(), reader));
  return { kind: 'image', address, length, linkTimeAddress, devicePath };
}

function firmwareBlob(event: TcgEvent, reader: ByteReader): TcgEventContent {
  const named = event.type === t.EV_EFI_PLATFORM_FIRMWARE_BLOB2;
  const description = named ? Buffer.from(reader.take(reader.u8())).toString('latin1') : '';
  return { kind: 'firmware_blob', description, base: reader.u64le(), length: reader.u64le() };
}

/**
 * Reads the data of an event.
 * @throws DecodeError `truncated`, `trailing_bytes`
 */
export function decodeEventContent(event: TcgEvent): TcgEventContent {
  const reader = new ByteReader(event.data);
  if (variableTypes.has(event.type)) return variable(reader);
  if (imageTypes.has(event.type)) return image(reader);
  if (event.type === t.EV_EFI_PLATFORM_FIRMWARE_BLOB || event.type === t.EV_EFI_PLATFORM_FIRMWARE_BLOB2) {
    return firmwareBlob(event, reader);
  }
  if (event.type === t.EV_SEPARATOR && event.data.length === 4) {
    return { kind: 'separator', error: reader.u32le() === 1 };
  }
  if (textTypes.has(event.type)) {
    return { kind: 'text', text: Buffer.from(event.data).toString('utf8').replace(/\0+$/, '') };
  }
  return { kind: 'other' };
}
