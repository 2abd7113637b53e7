import { UsageError } from './exit.js';

const powers = ['', 'K', 'M', 'G', 'T'] as const;

/** `512`, `64K`, `10M`, `2GiB` as bytes; each step is 1024. */
export function tryParseSize(text: string): number | null {
  const found = /^(\d+)([KMGT]?)(?:i?B)?$/i.exec(text);
  if (found === null) return null;
  const [, digits = '', unit = ''] = found;
  const bytes = Number(digits) * 1024 ** powers.indexOf(unit.toUpperCase() as (typeof powers)[number]);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** @throws UsageError */
export function parseSize(text: string, option: string): number {
  const bytes = tryParseSize(text);
  if (bytes === null) throw new UsageError(`${option} takes a size as 512, 10M or 2G, not "${text}"`);
  return bytes;
}

/** The largest unit in which it is a whole number: `10 MiB`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let step = 0;
  while (step < powers.length - 1 && value >= 1024 && value % 1024 === 0) {
    value /= 1024;
    step++;
  }
  return step === 0 ? `${value} B` : `${value} ${powers[step]}iB`;
}

/** A whole number within limits. @throws UsageError */
export function parseCount(text: string, option: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new UsageError(`${option} takes a number from ${least} to ${most}, not "${text}"`);
  }
  return value;
}

/** Numbers of VLANs, as `100` or `vlan:100`. @throws UsageError */
export function parseVlan(text: string, option = '--vlan'): number {
  return parseCount(text.replace(/^vlan:/, ''), option, 1, 4094);
}
