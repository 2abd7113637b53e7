import { DecodeError, messageOf } from '../../base/index.js';
import { copyText, decodeUtf8, XmlError, XmlScanner, XmlTagCache } from '../../xml/index.js';
import type { CimClass, CimInstance } from '../model/index.js';
import { CimError, type CimStatus } from '../operations/index.js';
import { CodecError } from './errors.js';
import type { CodecLimits } from './limits.js';

/** A fault in an answer that was read nevertheless. */
export interface ToleratedFault {
  /** What is wrong, in a word: `missing-key-type`, `other-element`. */
  readonly fault: string;
  /** Element in which it stands. */
  readonly element: string;
}

export interface ReaderOptions {
  /** Requests collect wrong values as CIM errors; answers with wrong values are refused. */
  readonly role: 'request' | 'answer';
  readonly limits: CodecLimits;
  /** Objects around this one that embed it. */
  readonly embedding: number;
  /** Reads an embedded object, null if it is a wrong value; given from outside because it needs a reader of its own. */
  readonly embedded: (text: string, outer: CimXmlReader) => CimInstance | CimClass | null;
  readonly onFault: ((fault: ToleratedFault) => void) | null;
}

const tags = new XmlTagCache();

/**
 * Walks CIM-XML by element. Each `read…` function is called when its element was opened and returns when it was closed.
 * Faults are of three kinds: `invalid` breaks the DTD and ends everything; `wrong` is a value that cannot be, of which a
 * request remembers the first and reads on; `tolerate` is let pass in answers.
 */
export class CimXmlReader {
  readonly scanner: XmlScanner;
  readonly options: ReaderOptions;
  /** The first wrong value of the call being read. */
  fault: CimError | null = null;
  /** Number of wrong and tolerated things so far. */
  faults = 0;
  /** Status of wrong values: 4, or 13 within the new value of SetProperty. */
  faultStatus: CimStatus = 4;

  constructor(options: ReaderOptions) {
    this.options = options;
    this.scanner = new XmlScanner({ limits: options.limits, tags });
  }

  /** Opens the next child and tells its name; null where the element ends. */
  child(): string | null {
    const event = this.scanner.nextTag();
    if (event === 'open') return this.scanner.name;
    if (event === 'close') return null;
    return this.invalid(event === 'text' ? 'text between elements' : 'the document ends');
  }

  /** Opens the next child, which must have this name. */
  expect(name: string): void {
    const found = this.child();
    if (found !== name) this.invalid(`expected ${name}, got ${found ?? 'the end of the element'}`);
  }

  /** The element must end here. */
  end(): void {
    const found = this.child();
    if (found !== null) this.invalid(`unexpected ${found}`);
  }

  /** The text of the element, which ends with it; not a slice of the document. */
  text(): string {
    const text = this.scanner.textContent();
    if (text === undefined) return this.invalid(`unexpected ${this.scanner.name}`);
    return copyText(text);
  }

  /** A required attribute of the element just opened. */
  attribute(name: string): string {
    return this.scanner.tag.attribute(name) ?? this.invalid(`${this.scanner.name} has no ${name}`);
  }

  /** An attribute that is `true` or `false`. */
  flag(name: string, absent: boolean): boolean {
    const value = this.scanner.tag.attribute(name);
    if (value === undefined) return absent;
    if (value === 'true') return true;
    if (value === 'false') return false;
    if (/^(?:true|false)$/i.test(value)) {
      this.tolerate('flag-case', this.scanner.name);
      return value.toLowerCase() === 'true';
    }
    return this.invalid(`${name}="${value}" in ${this.scanner.name}`);
  }

  /** The message breaks the DTD. */
  invalid(message: string): never {
    throw new CodecError(`${this.options.role}-not-valid`, message);
  }

  /** A value that the DTD allows and CIM does not. */
  wrong(message: string, status: CimStatus = this.faultStatus): void {
    if (this.options.role === 'answer') this.invalid(message);
    this.faults++;
    this.fault ??= new CimError(status, message);
  }

  /** A fault of other people's servers that does no harm; in requests, and if nothing is tolerated, it is one. */
  tolerate(fault: string, element: string): void {
    this.faults++;
    const { role, onFault } = this.options;
    if (role === 'request' || onFault === null) this.invalid(`${fault} in ${element}`);
    else onFault({ fault, element });
  }
}

/** Gives text or bytes to a reader as one whole document. */
export function feed(reader: CimXmlReader, source: Uint8Array | string): void {
  reader.scanner.append(typeof source === 'string' ? source : decodeUtf8(source));
  reader.scanner.finish();
}

/** Turns failures of the layers below into CodecError. */
export function withCodecErrors<T>(role: ReaderOptions['role'], read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw asCodecError(role, error);
  }
}

export function asCodecError(role: ReaderOptions['role'], error: unknown): unknown {
  if (error instanceof XmlError) {
    const code = error.code === 'xml_not_well_formed' ? 'not-well-formed' : 'not-valid';
    return new CodecError(`${role}-${code}`, messageOf(error), { cause: error });
  }
  if (error instanceof DecodeError) return new CodecError(`${role}-not-valid`, messageOf(error), { cause: error });
  return error;
}
