import { DecodeError } from '../../../base/index.js';
import { ImaEntry } from './entry.js';
import { imaTemplateFields } from './template.js';

/** What a measurement list may cost; larger ones are refused with `limit_exceeded`. */
export interface ImaLimits {
  /** Octets of one entry's template data. */
  readonly entryBytes: number;
  readonly entries: number;
}

export const defaultImaLimits: ImaLimits = { entryBytes: 1 << 20, entries: 10_000_000 };

const headerSize = 28;
const maxTemplateName = 256;
const maxPcr = 23;

/**
 * Reads `binary_runtime_measurements` (little-endian) entry after entry. Bytes may come in parts: `next` gives null where
 * the bytes end, and continues after the next `push`. Runs in linear time whatever the parts.
 */
export class ImaReader {
  #log: Buffer;
  #used: number;
  #at = 0;
  #owned = false;
  #index: number;
  #consumed = 0;
  readonly #limits: ImaLimits;
  readonly #templates = new Map<string, string>();
  #lastTemplate: { readonly name: string; readonly bytes: Buffer } | null = null;

  /** @param firstIndex index of the first entry in `log` */
  constructor(log: Uint8Array = new Uint8Array(0), firstIndex = 0, limits: ImaLimits = defaultImaLimits) {
    this.#log = Buffer.from(log.buffer, log.byteOffset, log.byteLength);
    this.#used = log.length;
    this.#index = firstIndex;
    this.#limits = limits;
  }

  /** Index of the entry that `next` will give. */
  get index(): number {
    return this.#index;
  }

  /** Octets that belong to entries given so far. */
  get offset(): number {
    return this.#consumed + this.#at;
  }

  /** Adds bytes at the end. Entries given before stay valid. */
  push(part: Uint8Array): void {
    if (this.#owned && this.#used + part.length <= this.#log.length) {
      this.#log.set(part, this.#used);
      this.#used += part.length;
      return;
    }
    const rest = this.#used - this.#at;
    const grown = Buffer.alloc(Math.max((rest + part.length) * 2, 65_536));
    grown.set(this.#log.subarray(this.#at, this.#used), 0);
    grown.set(part, rest);
    this.#log = grown;
    this.#owned = true;
    this.#consumed += this.#at;
    this.#used = rest + part.length;
    this.#at = 0;
  }

  /** @throws DecodeError `bad_pcr`, `bad_template_name`, `unknown_template`, `limit_exceeded` */
  next(): ImaEntry | null {
    const at = this.#at;
    const available = this.#used - at;
    if (available < headerSize) return null;
    const log = this.#log;
    const pcr = log.readUInt32LE(at);
    if (pcr > maxPcr) throw new DecodeError('bad_pcr', `PCR ${pcr}`, this.offset, { details: { index: this.#index } });
    const nameLength = log.readUInt32LE(at + 24);
    if (nameLength === 0 || nameLength > maxTemplateName) {
      throw this.#bad('bad_template_name', `template name of ${nameLength} bytes`);
    }
    const nameEnd = at + headerSize + nameLength;
    if (this.#used < nameEnd + 4) return null;
    const template = this.#template(at + headerSize, nameEnd);
    // The oldest template has no total length: a digest, then a counted name.
    const old = template === 'ima';
    const dataStart = old ? nameEnd : nameEnd + 4;
    if (old && this.#used < dataStart + 24) return null;
    const length = old ? 24 + log.readUInt32LE(dataStart + 20) : log.readUInt32LE(nameEnd);
    if (length > this.#limits.entryBytes) throw this.#bad('limit_exceeded', `an entry of ${length} bytes`);
    const end = dataStart + length;
    if (end > this.#used) return null;
    const index = this.#index;
    if (index >= this.#limits.entries) throw this.#bad('limit_exceeded', `more than ${this.#limits.entries} entries`);
    this.#at = end;
    this.#index = index + 1;
    return new ImaEntry(log, { index, pcr, template, start: at, dataStart, end });
  }

  /** @throws DecodeError `truncated` if bytes of an unfinished entry are left */
  end(): void {
    if (this.#at < this.#used) throw this.#bad('truncated', `${this.#used - this.#at} bytes of an unfinished entry`);
  }

  #template(from: number, to: number): string {
    const last = this.#lastTemplate;
    if (last?.bytes.length === to - from && this.#log.compare(last.bytes, 0, to - from, from, to) === 0)
      return last.name;
    const name = this.#checkedTemplate(from, to);
    this.#lastTemplate = { name, bytes: Buffer.from(name, 'latin1') };
    return name;
  }

  #checkedTemplate(from: number, to: number): string {
    const name = this.#log.toString('latin1', from, to);
    const seen = this.#templates.get(name);
    if (seen !== undefined) return seen;
    try {
      imaTemplateFields(name);
    } catch (error) {
      throw this.#bad('unknown_template', `template ${JSON.stringify(name)}`, error);
    }
    // A list with very many different templates is no real one; forgetting bounds the memory.
    if (this.#templates.size >= 64) this.#templates.clear();
    this.#templates.set(name, name);
    return name;
  }

  #bad(code: string, message: string, cause?: unknown): DecodeError {
    return new DecodeError(code, `${message} in entry ${this.#index}`, this.offset, {
      cause,
      details: { index: this.#index },
    });
  }
}

/**
 * All entries of a whole binary list.
 * @throws DecodeError as `ImaReader.next`, and `truncated`
 */
export function decodeImaLog(log: Uint8Array, firstIndex = 0, limits?: ImaLimits): ImaEntry[] {
  const reader = new ImaReader(log, firstIndex, limits);
  const entries: ImaEntry[] = [];
  for (let entry = reader.next(); entry !== null; entry = reader.next()) entries.push(entry);
  reader.end();
  return entries;
}
