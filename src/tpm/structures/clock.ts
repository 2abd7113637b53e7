import type { ByteReader, ByteWriter } from '../../base/index.js';

/** TPMS_CLOCK_INFO (TPM 2.0 Part 2, 10.11.1). */
export interface ClockInfo {
  /** Milliseconds during which the TPM was powered; goes back only by a Clear. */
  readonly clock: bigint;
  readonly resetCount: number;
  readonly restartCount: number;
  /** False: the clock may have gone back over an unorderly shutdown. */
  readonly safe: boolean;
}

/** TPMS_TIME_INFO: milliseconds since the last start, and the clock. */
export interface TimeInfo extends ClockInfo {
  readonly time: bigint;
}

export function readClockInfo(reader: ByteReader): ClockInfo {
  return { clock: reader.u64(), resetCount: reader.u32(), restartCount: reader.u32(), safe: reader.u8() === 1 };
}

export function writeClockInfo(writer: ByteWriter, info: ClockInfo): void {
  writer
    .u64(info.clock)
    .u32(info.resetCount)
    .u32(info.restartCount)
    .u8(info.safe ? 1 : 0);
}

export function readTimeInfo(reader: ByteReader): TimeInfo {
  return { time: reader.u64(), ...readClockInfo(reader) };
}

export function writeTimeInfo(writer: ByteWriter, info: TimeInfo): void {
  writer.u64(info.time);
  writeClockInfo(writer, info);
}
