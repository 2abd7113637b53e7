import { TvdcError } from '../../base/index.js';

const timestampForm = /^[0-9*]{14}\.[0-9*]{6}[+-][0-9]{3}$/;
const intervalForm = /^[0-9*]{14}\.[0-9*]{6}:000$/;

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
  }

  /** @throws TvdcError `bad_datetime` */
  static parse(text: string): CimDateTime {
    if (text.length !== 25 || !(timestampForm.test(text) || intervalForm.test(text)) || !plausible(text)) {
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

function within(text: string, from: number, to: number, min: number, max: number): boolean {
  const field = text.slice(from, to);
  if (field.includes('*')) return /^\*+$/.test(field);
  const value = Number(field);
  return value >= min && value <= max;
}

function plausible(text: string): boolean {
  const clock = within(text, 8, 10, 0, 23) && within(text, 10, 12, 0, 59) && within(text, 12, 14, 0, 59);
  if (!clock || !/^[0-9]*\**$/.test(text.slice(0, 14) + text.slice(15, 21))) return false;
  if (text[21] === ':') return true;
  return within(text, 4, 6, 1, 12) && within(text, 6, 8, 1, 31);
}
