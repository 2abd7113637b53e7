import { ByteReader, DecodeError, type HashAlgorithm } from '../../../base/index.js';
import { placedResponseCodes, readHashAlgorithm, readOptionalHashAlgorithm, readSized } from '../../../tpm/index.js';
import { CommandFailure, fail, failParameter, type PlacedCode } from './failure.js';

const codeOfDecodeError: Readonly<Record<string, PlacedCode>> = {
  truncated: 'TPM_RC_INSUFFICIENT',
  too_large: 'TPM_RC_SIZE',
  trailing_bytes: 'TPM_RC_SIZE',
  unknown_hash: 'TPM_RC_HASH',
  unknown_algorithm: 'TPM_RC_SCHEME',
};

/** Reads the parameters of a command one after another; an error points to the parameter that has it. */
export class ParameterReader {
  readonly #reader: ByteReader;
  #number = 0;

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes);
  }

  /** Reads the next parameter; what `read` throws becomes a response code for it. */
  next<T>(read: (reader: ByteReader) => T): T {
    this.#number++;
    try {
      return read(this.#reader);
    } catch (error) {
      if (error instanceof DecodeError)
        failParameter(codeOfDecodeError[String(error.code)] ?? 'TPM_RC_VALUE', this.#number);
      throw error;
    }
  }

  u8(): number {
    return this.next((reader) => reader.u8());
  }

  u16(): number {
    return this.next((reader) => reader.u16());
  }

  u32(): number {
    return this.next((reader) => reader.u32());
  }

  u64(): bigint {
    return this.next((reader) => reader.u64());
  }

  /** TPMI_YES_NO. */
  yesNo(): boolean {
    const value = this.u8();
    return value > 1 ? this.refuse('TPM_RC_VALUE') : value === 1;
  }

  sized(maximum: number): Uint8Array {
    return this.next((reader) => readSized(reader, maximum));
  }

  hash(): HashAlgorithm {
    return this.next(readHashAlgorithm);
  }

  optionalHash(): HashAlgorithm | null {
    return this.next(readOptionalHashAlgorithm);
  }

  /** The parameter read last is wrong. */
  refuse(code: PlacedCode): never {
    return failParameter(code, this.#number);
  }

  /** All parameters must be read. */
  end(): void {
    if (this.#reader.remaining > 0) fail('TPM_RC_SIZE');
  }
}

/** Runs what may fail to decode without pointing to a parameter. */
export function decoded<T>(code: PlacedCode, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError) throw new CommandFailure(placedResponseCodes[code]);
    throw error;
  }
}
