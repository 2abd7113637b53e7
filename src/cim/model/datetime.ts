import { TvdcError } from '../../base/index.js';

function fieldOf(text: string, from: number, to: number): number {
  return Number(text.slice(from, to));
}

/**
 * A CIM datetime (DSP0004 5.2.4): 25 characters, a point in time `yyyymmddhhmmss.mmmmmm±utc` or an interval
 * `ddddddddhhmmss.mmmmmm:000`; insignificant digits may be asterisks.
 */
export class CimDateTime {
  readonly kind = 'datetime';
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
    Object.freeze(this);
  }

  /** @throws TvdcError `bad_datetime` */
  static parse(text: string): CimDateTime {
    if (!isDateTime(text)) {
      throw new TvdcError('bad_datetime', `not a CIM datetime: "${text.slice(0, 40)}"`);
    }
    return new CimDateTime(text);
  }

  /** @param milliseconds since 1970-01-01 UTC; written with offset +000 */
  static fromUnix(milliseconds: number): CimDateTime {
    const iso = new Date(milliseconds).toISOString();
    return new CimDateTime(`${iso.slice(0, 19).replace(/[-T:]/g, '')}.${iso.slice(20, 23)}000+000`);
  }

  /** @param milliseconds length of the interval, zero or more */
  static interval(milliseconds: number): CimDateTime {
    const pad = (value: number, width: number): string => String(value).padStart(width, '0');
    const whole = Math.floor(milliseconds / 1000);
    const micros = Math.round((milliseconds - whole * 1000) * 1000);
    const days = Math.floor(whole / 86_400);
    const clock =
      pad(Math.floor((whole % 86_400) / 3600), 2) + pad(Math.floor((whole % 3600) / 60), 2) + pad(whole % 60, 2);
    return new CimDateTime(`${pad(days, 8)}${clock}.${pad(micros, 6)}:000`);
  }

  get isInterval(): boolean {
    return this.text[21] === ':';
  }

  /** Milliseconds since 1970 (timestamp) or length in milliseconds (interval); null if a field has asterisks. */
  toMilliseconds(): number | null {
    const text = this.text;
    if (text.includes('*')) return null;
    const micros = fieldOf(text, 15, 21) / 1000;
    if (this.isInterval) {
      const clock = fieldOf(text, 8, 10) * 3600 + fieldOf(text, 10, 12) * 60 + fieldOf(text, 12, 14);
      return (fieldOf(text, 0, 8) * 86_400 + clock) * 1000 + micros;
    }
    const offset = fieldOf(text, 22, 25) * (text[21] === '-' ? -1 : 1);
    const utc = Date.UTC(
      fieldOf(text, 0, 4),
      fieldOf(text, 4, 6) - 1,
      fieldOf(text, 6, 8),
      fieldOf(text, 8, 10),
      fieldOf(text, 10, 12),
      fieldOf(text, 12, 14),
    );
    return utc - offset * 60_000 + micros;
  }

  toString(): string {
    return this.text;
  }
}

const dot = 0x2e;
const colon = 0x3a;
const plus = 0x2b;
const minus = 0x2d;
const asterisk = 0x2a;
const zero = 0x30;

/** Whether two digits are a number of the range; two asterisks are, one is not. */
function isWithin(text: string, at: number, min: number, max: number): boolean {
  const tens = text.charCodeAt(at);
  const ones = text.charCodeAt(at + 1);
  if (tens === asterisk || ones === asterisk) return tens === ones;
  const value = (tens - zero) * 10 + ones - zero;
  return value >= min && value <= max;
}

/** Digits from some place on replaced by asterisks, or none: `20240131123456.******` but not `2024**31…`. */
function isDigitsThenAsterisks(text: string): boolean {
  let insignificant = false;
  for (let at = 0; at < 21; at++) {
    if (at === 14) continue;
    const code = text.charCodeAt(at);
    if (code === asterisk) insignificant = true;
    else if (insignificant || code < zero || code > zero + 9) return false;
  }
  return true;
}

function isOffset(text: string): boolean {
  for (let at = 22; at < 25; at++) {
    const code = text.charCodeAt(at);
    if (code < zero || code > zero + 9) return false;
  }
  return true;
}

// By character code: a regular expression for the form and slices for the fields take five times as long.
function isDateTime(text: string): boolean {
  if (text.length !== 25 || text.charCodeAt(14) !== dot || !isDigitsThenAsterisks(text)) return false;
  if (!isWithin(text, 8, 0, 23) || !isWithin(text, 10, 0, 59) || !isWithin(text, 12, 0, 59)) return false;
  const sign = text.charCodeAt(21);
  if (sign === colon) return text.endsWith('000');
  return (sign === plus || sign === minus) && isOffset(text) && isWithin(text, 4, 1, 12) && isWithin(text, 6, 1, 31);
}
